"""In a real terminal (tmux): the demo starts, a key kills a node, the verdict says so, q leaves.

Real processes, so it polls what the terminal shows and never sleeps blindly.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

VERDICT = 1
ROOT = Path(__file__).resolve().parents[2]

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed"),
]
COLOURS = re.compile(r"(?:^|;)(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])(?:;|$)")


class Terminal:
    """One program in a tmux of its own."""

    def __init__(self, socket: Path, width: int, height: int, environ: dict[str, str]) -> None:
        self.socket = socket
        stale = {"COLUMNS": "70", "LINES": "20"}
        settings = [f"{name}={value}" for name, value in (stale | environ).items()]
        program = [sys.executable, str(ROOT / "masterless.py"), "demo", "--seed", "7"]
        self._tmux(
            "-f", "/dev/null", "new-session", "-d", "-x", str(width), "-y", str(height),
            "env", "-u", "NO_COLOR", "-u", "TMUX", "TERM=tmux-256color", *settings, *program,
        )  # fmt: skip
        self._tmux("set", "-g", "remain-on-exit", "on", check=False)

    def _tmux(self, *args: str, check: bool = True) -> str:
        command = ["tmux", "-S", str(self.socket), *args]
        return subprocess.run(command, check=check, capture_output=True, text=True).stdout

    def text(self) -> str:
        """What a person sees."""
        return self._tmux("capture-pane", "-p", check=False)

    def colours(self) -> list[str]:
        """What the terminal was told to colour (SGR 30 to 48, 90 to 107)."""
        told = self._tmux("capture-pane", "-e", "-p", check=False)
        codes = re.findall(r"\x1b\[([0-9;]*)m", told)
        return [code for code in codes if COLOURS.search(code)]

    def press(self, *keys: str) -> None:
        """Keys, by tmux's names."""
        self._tmux("send-keys", *keys)

    def resize(self, width: int, height: int) -> None:
        """Another window size."""
        self._tmux("resize-window", "-x", str(width), "-y", str(height))

    def see(self, what: str, *, line: int | None = None, within: float = 20.0) -> str:
        """Poll until a text is on the screen, or on one line of it."""
        deadline = time.monotonic() + within
        while True:
            text = self.text()
            lines = text.splitlines()
            if what in text if line is None else what in "".join(lines[line : line + 1]):
                return text
            if time.monotonic() > deadline:
                raise AssertionError(f"{what} never came; the terminal shows:\n{text}")
            time.sleep(0.02)

    def processes(self) -> list[str]:
        """The nodes that this demo started and that still run."""
        panes = self._tmux("list-panes", "-F", "#{pane_pid}", check=False).split()
        if not panes:
            return []
        found = subprocess.run(["pgrep", "-P", panes[0]], capture_output=True, text=True)
        return found.stdout.split()

    def pid(self) -> int:
        """The program's own."""
        return int(self._tmux("list-panes", "-F", "#{pane_pid}"))

    def taken(self) -> bool:
        """Whether the terminal shows its alternate screen, or listens to the mouse."""
        asked = "#{alternate_on}#{mouse_any_flag}"
        return "1" in self._tmux("list-panes", "-F", asked, check=False)

    def ended(self) -> bool:
        """Whether the program has left."""
        return self._tmux("list-panes", "-F", "#{pane_dead}", check=False).strip() in ("1", "")

    def close(self) -> None:
        """The server and all in it."""
        self._tmux("kill-server", check=False)


def runs(pid: int) -> bool:
    """Whether there is such a process."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture
def terminals(tmp_path: Path) -> Iterator[Callable[..., Terminal]]:
    opened: list[Terminal] = []

    def make(width: int, height: int, **environ: str) -> Terminal:
        # A socket's path may be no longer than 104 bytes on some systems; tmp_path can be.
        socket = Path(f"/tmp/mlt-{os.getpid()}-{len(opened)}")
        opened.append(Terminal(socket, width, height, environ))
        return opened[-1]

    yield make
    for terminal in opened:
        terminal.close()
        terminal.socket.unlink(missing_ok=True)


@pytest.mark.timeout(90)
def test_a_key_kills_a_node_and_the_verdict_says_so(
    terminals: Callable[..., Terminal],
) -> None:
    terminal = terminals(120, 36, COLORTERM="truecolor")
    terminal.see("5 nodes agree")
    terminal.press("2")
    terminal.see("share of the ring")
    assert terminal.colours(), "so that the test without colour can fail"
    terminal.press("Down", "Down", "Down", "Down")
    terminal.see("n4  ● alive")
    terminal.press("k")
    terminal.see("n4 was killed", line=VERDICT)
    terminal.see("✕ dead")
    terminal.press("u")
    terminal.see("n4  ● alive")
    terminal.see("n4 is back", line=VERDICT)
    terminal.resize(80, 24)
    terminal.see("q quit", line=23)
    nodes = terminal.processes()
    assert len(nodes) >= 5
    asked = time.monotonic()
    terminal.press("q")
    while not terminal.ended():
        assert time.monotonic() - asked < 10
        time.sleep(0.02)
    assert time.monotonic() - asked < 2.0, "leaving takes at most a second, and a little for tmux"
    assert not [pid for pid in nodes if runs(int(pid))]


@pytest.mark.timeout(60)
def test_it_runs_without_colour(terminals: Callable[..., Terminal]) -> None:
    terminal = terminals(80, 24, NO_COLOR="1")
    terminal.see("5 nodes agree")
    terminal.press("2")
    terminal.see("[ n1 ]")
    for key in ("1", "3", "4", "5", "2"):
        terminal.press(key)
        assert terminal.colours() == []
    terminal.press("q")
    deadline = time.monotonic() + 10
    while not terminal.ended():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_ended_from_outside_it_gives_the_terminal_back(
    terminals: Callable[..., Terminal], number: signal.Signals
) -> None:
    terminal = terminals(80, 24)
    terminal.see("5 nodes agree")
    assert terminal.taken()
    os.kill(terminal.pid(), number)
    deadline = time.monotonic() + 20
    while not terminal.ended():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert not terminal.taken()
