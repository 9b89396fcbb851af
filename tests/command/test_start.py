"""The start of a command: interrupted at any moment it ends without a word, and a long wait is explained."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from threading import Event, Thread

import pytest

pytestmark = [pytest.mark.real, pytest.mark.xdist_group("real")]

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, str(ROOT / "masterless.py")]
DELAYS_S = [step / 100 for step in range(31)]
WORDS = ("--help", "status", "inspect")
HOLDS_BACK = subprocess.run(
    ["env", "--block-signal=INT", "true"], stderr=subprocess.DEVNULL, check=False
)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """One that is set up already, with this Python."""
    for name in ("cluster", "tui", "talk", "masterless.py"):
        (tmp_path / name).symlink_to(ROOT / name)
    shutil.copy(ROOT / "demo.sh", tmp_path)
    shutil.copy(ROOT / "requirements.lock", tmp_path)
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n', encoding="utf-8")
    python.chmod(0o755)
    shutil.copy(ROOT / "requirements.lock", tmp_path / ".venv" / "masterless-run.lock")
    return tmp_path


def interrupted(command: list[str], delay_s: float) -> tuple[int, bytes]:
    """How it ended, and what it said on standard error."""
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True
    ) as process:
        time.sleep(delay_s)
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does
        return process.wait(), process.communicate(timeout=60)[1]


@pytest.mark.skipif(HOLDS_BACK.returncode != 0, reason="env of this system holds no signal back")
@pytest.mark.parametrize("word", WORDS)
def test_an_interrupt_at_any_moment_of_the_start_ends_it_silently(
    checkout: Path, word: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf, ThreadPoolExecutor(2) as pool:
        where = [] if word == "--help" else [f"127.0.0.1:{deaf.getsockname()[1]}"]
        command = [str(checkout / "demo.sh"), word, *where]
        ends = pool.map(partial(interrupted, command), DELAYS_S)
        fine = (130, -signal.SIGINT, 0) if word == "--help" else (130, -signal.SIGINT)
        assert [(code, said) for code, said in ends if code not in fine or said] == []


def test_what_was_to_be_ignored_stays_ignored(checkout: Path) -> None:
    ran = subprocess.run(
        ["sh", "-c", 'trap "" INT; kill -INT $$; exec "$0" --version', str(checkout / "demo.sh")],
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, b"")


def asked(make: Callable[[str], list[str]], answer: bytes) -> str:
    """What a word says on stderr of a window that says this, and then hangs up. Nothing: it is deaf."""
    over = Event()

    def serve() -> None:
        with listening.accept()[0] as line:
            if not answer:
                over.wait(60)
            line.recv(65_536)
            line.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = Thread(target=serve, daemon=True)
        thread.start()
        words = make(f"127.0.0.1:{listening.getsockname()[1]}")
        ran = subprocess.run(
            [*COMMAND, *words], capture_output=True, text=True, timeout=60, check=False
        )
        over.set()
        thread.join(60)
    assert ran.returncode == 3
    return ran.stderr


@pytest.mark.parametrize("word", ["inspect", "record"])
def test_who_waits_longer_than_a_second_is_told_whom_is_asked(word: str, tmp_path: Path) -> None:
    file = [str(tmp_path / "a.rec")] if word == "record" else ["--plain"]
    where: list[str] = []

    def words(window: str) -> list[str]:
        where.append(window)
        return [word, window, *file]

    first, *rest = asked(words, b"").splitlines()
    assert first == f"asking {where[0]}, no answer after 1 s; still waiting"
    assert len(rest) == 1


def test_who_is_answered_at_once_is_told_nothing_more() -> None:
    said = asked(lambda window: ["inspect", window, "--plain"], b"nonsense\r\n\r\n")
    assert "still waiting" not in said
    assert len(said.splitlines()) == 1
