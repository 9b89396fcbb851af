"""However the parent ends, nothing of it is left: no process, no port, no directory."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.real, pytest.mark.xdist_group("real")]

COMMAND = [sys.executable, str(Path(__file__).parents[2] / "masterless.py")]


@contextmanager
def up(tmp: Path, *words: str) -> Generator[tuple[subprocess.Popen[bytes], list[dict[str, Any]]]]:
    """`masterless up` with its temporary files under `tmp`, and its ready lines."""
    process = subprocess.Popen(
        [*COMMAND, "up", "3", "--json", *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(tmp)},
        start_new_session=True,
    )
    with process:
        assert process.stdout is not None
        try:
            yield process, [json.loads(process.stdout.readline()) for _ in range(3)]
        finally:
            process.kill()


def is_gone(pid: int) -> bool:
    """Dead, or a zombie that nobody has collected yet."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        state = ""
    if state:
        return state == "Z"
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def listens(address: str) -> bool:
    host, _, port = address.rpartition(":")
    with socket.socket() as probe:
        return probe.connect_ex((host, int(port))) == 0


def assert_nothing_left(nodes: list[dict[str, Any]], tmp: Path) -> None:
    deadline = time.monotonic() + 20
    left = ["not looked yet"]
    while left and time.monotonic() < deadline:
        left = [f"process {n['pid']}" for n in nodes if not is_gone(n["pid"])]
        left += [a for n in nodes for a in (n["gossip"], n["window"]) if listens(a)]
        left += [str(path) for path in tmp.iterdir()]
    assert left == []


def test_sigkill_of_the_parent_leaves_nothing_not_even_a_paused_node(tmp_path: Path) -> None:
    with up(tmp_path) as (process, nodes):
        assert [path.name.startswith("masterless-") for path in tmp_path.iterdir()] == [True]
        os.kill(nodes[1]["pid"], signal.SIGSTOP)
        process.kill()
        assert_nothing_left(nodes, tmp_path)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_stops_everything(number: signal.Signals, tmp_path: Path) -> None:
    with up(tmp_path) as (process, nodes):
        process.send_signal(number)
        assert process.wait(20) == (130 if number is signal.SIGINT else 0)
        assert_nothing_left(nodes, tmp_path)


def test_the_end_of_standard_input_stops_everything_with_stdin_guard(tmp_path: Path) -> None:
    with up(tmp_path, "--stdin-guard") as (process, nodes):
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(20) == 0
        assert_nothing_left(nodes, tmp_path)


def test_disks_that_were_given_a_place_stay_and_hold_what_was_written(tmp_path: Path) -> None:
    data = tmp_path / "my data"
    with up(tmp_path, "--data", str(data)) as (process, nodes):
        put = [*COMMAND, "kv", "put", "hello", "world", "--at", nodes[0]["window"]]
        written = [subprocess.run(put, capture_output=True, check=False) for _ in range(1)]
        while written[-1].returncode != 0 and len(written) < 50:  # until the ring has settled
            written.append(subprocess.run(put, capture_output=True, check=False))
        assert written[-1].returncode == 0, written[-1].stderr
        process.kill()
        process.wait(20)
    with up(tmp_path, "--data", str(data)) as (_, again):
        assert [node["name"] for node in again] == ["n1", "n2", "n3"]
        get = [*COMMAND, "kv", "get", "hello", "--at", again[2]["window"]]
        read = subprocess.run(get, capture_output=True, check=False)
        for _ in range(50):
            if read.returncode == 0:
                break
            read = subprocess.run(get, capture_output=True, check=False)
        assert read.stdout == b"world"


def test_a_second_owner_of_a_disk_is_refused_in_one_sentence(tmp_path: Path) -> None:
    data = str(tmp_path / "data")
    with up(tmp_path, "--data", data):
        second = [*COMMAND, "up", "5", "--data", data]
        refused = subprocess.run(second, capture_output=True, text=True, timeout=60, check=False)
        assert refused.returncode == 1
        assert refused.stdout == ""
        assert "is in use by process" in refused.stderr
        assert len(refused.stderr.splitlines()) == 1
        # Nothing was started on the disks that were free.
        disks = sorted(path.name for path in Path(data).iterdir() if path.is_dir())
        assert disks == ["n1", "n2", "n3"]
