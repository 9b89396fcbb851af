"""A node as a process: wrong calls are one sentence, and ending leaves nothing behind."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest
from msgspec.structs import replace

from cluster.__main__ import NodeOptions, run_node

ENDS_S = 5.0


def command(path: Path, *more: str) -> list[str]:
    return [sys.executable, "-m", "cluster", "--name", "n1", "--data", str(path / "n1"), *more]


@contextmanager
def node(path: Path, *more: str) -> Generator[tuple[subprocess.Popen[bytes], dict[str, Any]]]:
    with subprocess.Popen(
        command(path, *more), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        try:
            assert process.stdout is not None
            yield process, json.loads(process.stdout.readline())
        finally:
            process.kill()


def sentence(capsys: pytest.CaptureFixture[str]) -> str:
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("masterless: ")
    assert said.err.count("\n") == 1
    assert "Traceback" not in said.err
    return said.err


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"name": "a b"}, "--name"),
        ({"name": ""}, "--name"),
        ({"name": "x" * 65}, "--name"),
        ({"cluster": "no/slashes"}, "--cluster"),
        ({"profile": "wan"}, "demo or lan"),
        ({"partitions": 48}, "power of two"),
        ({"partitions": 0}, "power of two"),
        ({"partitions": 1 << 20}, "power of two"),
        ({"replicas": 0}, "--replicas"),
        ({"gossip": "nowhere"}, "not an address"),
        ({"gossip": "127.0.0.1:x"}, "not an address"),
        ({"window": "127.0.0.1:99999"}, "not an address"),
        ({"gossip": "0.0.0.0:0"}, "--public"),
        ({"window": "192.0.2.1:0"}, "--public"),
        ({"gossip": "0.0.0.0:0", "public": True}, "no address to be found at"),
        ({"join": ("127.0.0.1",)}, "HOST:PORT"),
        ({"join": ("127.0.0.1:0",)}, "HOST:PORT"),
    ],
)
def test_a_wrong_call_is_one_sentence_and_exit_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: dict[str, Any], says: str
) -> None:
    fine = NodeOptions(name="n1", data=str(tmp_path / "n1"))
    assert run_node(replace(fine, **options)) == 2
    assert says in sentence(capsys)
    assert not (tmp_path / "n1").exists()


@pytest.mark.parametrize("taken", ["gossip", "window"])
def test_a_taken_port_is_one_sentence_and_exit_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], taken: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        address = f"127.0.0.1:{other.getsockname()[1]}"
        fine = NodeOptions(name="n1", data=str(tmp_path / "n1"))
        assert run_node(replace(fine, **{taken: address})) == 1
    assert "in use" in sentence(capsys)


def test_a_foreign_address_is_one_sentence_and_exit_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = NodeOptions("n1", str(tmp_path / "n1"), gossip="192.0.2.1:0", public=True)
    assert run_node(options) == 1
    assert "not an address of this computer" in sentence(capsys)


def test_a_data_path_that_is_a_file_is_one_sentence_and_exit_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "n1").write_text("x")
    assert run_node(NodeOptions("n1", str(tmp_path / "n1"))) == 1
    assert "not a directory" in sentence(capsys)


@pytest.mark.parametrize("arguments", [[], ["--name", "n1"], ["--name", "n1", "--bogus"]])
def test_missing_arguments_are_one_sentence_and_exit_2(arguments: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "cluster", *arguments], capture_output=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr.count(b"\n") == 1


@pytest.mark.real
def test_a_second_process_in_the_same_directory_is_refused_by_name(tmp_path: Path) -> None:
    with node(tmp_path) as (first, _):
        done = subprocess.run(command(tmp_path), capture_output=True, check=False)
        assert done.returncode == 1
        assert f"in use by process {first.pid}" in done.stderr.decode()


@pytest.mark.real
def test_a_polite_signal_ends_with_0_and_the_same_ports_can_be_had_again(tmp_path: Path) -> None:
    with node(tmp_path) as (process, ready):
        assert ready["pid"] == process.pid
        process.send_signal(signal.SIGTERM)
        assert process.wait(ENDS_S) == 0
        assert process.stderr is not None
        assert process.stderr.read() == b""
    ports = ["--gossip", ready["gossip"], "--window", ready["window"]]
    with node(tmp_path, *ports) as (process, again):
        assert {k: again[k] for k in ("gossip", "window")} == {
            k: ready[k] for k in ("gossip", "window")
        }
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
        assert process.wait(ENDS_S) in (0, 128 + signal.SIGTERM, 128 + signal.SIGINT)


@pytest.mark.real
def test_a_guarded_node_ends_when_its_standard_input_does(tmp_path: Path) -> None:
    with node(tmp_path, "--stdin-guard") as (process, _):
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(ENDS_S) == 0


@pytest.mark.real
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children of a death")
def test_a_guarded_node_that_is_stopped_still_dies_with_its_parent(tmp_path: Path) -> None:
    program = f"""
import os, signal, subprocess, sys
process = subprocess.Popen({command(tmp_path, "--stdin-guard")!r},
                           stdin=subprocess.PIPE, stdout=subprocess.PIPE)
process.stdout.readline()
os.kill(process.pid, signal.SIGSTOP)
print(process.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, check=False)
    orphan = int(done.stdout)
    deadline = monotonic() + ENDS_S
    while _runs(orphan):
        assert monotonic() < deadline
        sleep(0.01)


def _runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z" and os.path.exists(f"/proc/{pid}")
