"""The guard: whatever it was told of does not outlive the lab, and nothing else is touched."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from cluster.lab.keeper import Keeper

SLEEPER = [sys.executable, "-I", "-S", "-c", "import signal; signal.pause()"]
DYING_LAB = """
import os, signal, sys
from pathlib import Path
from cluster.lab.keeper import Keeper

keeper = Keeper()
keeper.directory(Path(sys.argv[1]))
keeper.register(int(sys.argv[2]))
print(keeper.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def wait_dead(process: subprocess.Popen[bytes]) -> int:
    return process.wait(timeout=20)


def test_registered_processes_and_directories_are_gone_after_the_lab_is_killed(
    tmp_path: Path,
) -> None:
    directory = tmp_path / "data with a space"
    (directory / "n1").mkdir(parents=True)
    (directory / "n1" / "data.mdb").write_bytes(b"x" * 100)
    with subprocess.Popen(SLEEPER) as sleeper:
        lab = subprocess.run(
            [sys.executable, "-c", DYING_LAB, str(directory), str(sleeper.pid)],
            capture_output=True,
            timeout=30,
            check=False,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        )
        assert lab.returncode == -signal.SIGKILL
        assert wait_dead(sleeper) == -signal.SIGKILL
    wait_gone(directory)


def test_a_stopped_process_is_killed_too() -> None:
    with subprocess.Popen(SLEEPER) as sleeper:
        os.kill(sleeper.pid, signal.SIGSTOP)
        keeper = Keeper()
        keeper.register(sleeper.pid)
        keeper.close()
        assert wait_dead(sleeper) == -signal.SIGKILL


def test_a_forgotten_process_is_left_alone() -> None:
    with subprocess.Popen(SLEEPER) as sleeper:
        keeper = Keeper()
        keeper.register(sleeper.pid)
        keeper.forget(sleeper.pid)
        keeper.close()  # returns when the guard has ended, so it has done all it will do
        assert sleeper.poll() is None
        sleeper.kill()


def test_ctrl_c_and_hangup_do_not_end_the_guard() -> None:
    with subprocess.Popen(SLEEPER) as sleeper:
        keeper = Keeper()
        keeper.register(sleeper.pid)
        assert os.getsid(keeper.pid) != os.getsid(0)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            os.kill(keeper.pid, number)
        keeper.close()
        assert wait_dead(sleeper) == -signal.SIGKILL


def wait_gone(path: Path) -> None:
    """The guard removes a directory after the last process is dead: poll to a deadline."""
    import time

    deadline = time.monotonic() + 20
    while path.exists():
        assert time.monotonic() < deadline, f"{path} was left behind"
        time.sleep(0.01)
