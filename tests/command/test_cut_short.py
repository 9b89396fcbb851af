"""What the command does when something outside it ends first: the reader of a pipe, the disk."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from pathlib import Path

import pytest

pytestmark = [pytest.mark.real, pytest.mark.xdist_group("real")]

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, str(ROOT / "masterless.py")]
FILE_BYTES_MAX = 40_000
"""Less than the first whole views of three nodes take in a recording."""


def small_disk() -> None:
    """In the child: a file that grows beyond this is refused, as a full disk would."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_BYTES_MAX, FILE_BYTES_MAX))


def processes_of(parent: int) -> set[int]:
    """The children of a process, and theirs."""
    found: set[int] = set()
    for task in Path(f"/proc/{parent}/task").glob("*/children"):
        for child in task.read_text(encoding="ascii").split():
            found |= {int(child)} | processes_of(int(child))
    return found


@pytest.fixture
def window() -> Generator[str]:
    """Of a node of three."""
    with subprocess.Popen(
        [*COMMAND, "up", "3", "--json"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())["window"]
        finally:
            process.terminate()


def test_a_full_disk_ends_a_recording_in_one_sentence_and_the_file_is_mended(
    window: str, tmp_path: Path
) -> None:
    path = tmp_path / "full.rec"
    ran = subprocess.run(
        [*COMMAND, "record", window, str(path), "--for", "120"],
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
        preexec_fn=small_disk,
    )
    assert ran.returncode == 1, ran
    assert "Traceback" not in ran.stderr
    assert str(path) in ran.stderr
    assert "facts are kept" in ran.stderr
    assert path.stat().st_size <= FILE_BYTES_MAX
    mended = subprocess.run(
        [*COMMAND, "record", "--repair", str(path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert mended.returncode == 0, mended
    assert "is whole again" in mended.stdout + mended.stderr


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="children are found in /proc")
def test_a_pipe_that_nobody_reads_any_more_ends_the_demo_and_its_nodes() -> None:
    with subprocess.Popen(
        [*COMMAND, "demo", "--plain", "--seed", "3"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        nodes: set[int] = set()
        deadline = time.monotonic() + 60
        while len(nodes) < 5 and time.monotonic() < deadline:
            assert process.stdout.readline()
            nodes = processes_of(process.pid)
        process.stdout.close()
        try:
            code = process.wait(timeout=90)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            raise
        said = process.stderr.read().decode()
    assert "Traceback" not in said
    assert "BrokenPipe" not in said
    assert code in {0, 1, 128 + signal.SIGPIPE}
    assert not [pid for pid in nodes if os.path.exists(f"/proc/{pid}")]


def test_a_pipe_that_nobody_reads_any_more_ends_a_look_at_a_quiet_cluster(window: str) -> None:
    with subprocess.Popen(
        [*COMMAND, "inspect", window, "--plain"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline()
        process.stdout.close()
        try:
            process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
        assert b"Traceback" not in process.stderr.read()
