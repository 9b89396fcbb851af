"""A small separate process that outlives the lab by a moment and cleans up after it.

It holds the reading end of a pipe. While the lab lives it learns what the lab has started; when
the pipe closes, however the lab ended (also SIGKILL), it kills what is still registered and removes
the temporary directory. It is started in a session of its own and with SIGINT, SIGTERM and SIGHUP
blocked (see `keeper`), so neither Ctrl-C nor a hangup ends it early. Run as a file by
`python -I -S`, hence only quick imports at the top.

Lines: `+PID` registers, `-PID` forgets, `dPATH` names a directory to remove.

Where the system can, a process is held by a pidfd, so that a number reused by a stranger is never
hit; a stopped process dies of SIGKILL like any other.
"""

import os
import signal
import sys
import time

GONE_WITHIN_S = 5.0
REGISTERED_MAX = 1_024


class Guard:
    """What must not outlive the lab."""

    def __init__(self) -> None:
        self.held: dict[int, int] = {}
        """pid -> pidfd, or -1 where there are none."""
        self.directories: list[str] = []

    def take(self, line: str) -> None:
        """One line from the lab. Anything else is dropped."""
        if line.startswith("d") and len(self.directories) < REGISTERED_MAX:
            self.directories.append(line[1:])
        elif line[1:].isdigit():
            pid = int(line[1:])
            if line[0] == "+" and len(self.held) < REGISTERED_MAX:
                self.held[pid] = _hold(pid)
            elif line[0] == "-":
                fd = self.held.pop(pid, -1)
                if fd >= 0:
                    os.close(fd)

    def clean_up(self) -> None:
        """Kill, wait until gone, remove."""
        for pid, fd in self.held.items():
            _kill(pid, fd)
        deadline = time.monotonic() + GONE_WITHIN_S
        for pid, fd in self.held.items():
            while not _gone(pid, fd) and time.monotonic() < deadline:
                time.sleep(0.005)
        if self.directories:
            import shutil

            for directory in self.directories:
                shutil.rmtree(directory, ignore_errors=True)


def _hold(pid: int) -> int:
    opener = getattr(os, "pidfd_open", None)
    if opener is None:
        return -1
    try:
        return opener(pid)
    except OSError:
        return -1


def _kill(pid: int, fd: int) -> None:
    try:
        if fd >= 0:
            signal.pidfd_send_signal(fd, signal.SIGKILL)
        else:
            os.kill(pid, signal.SIGKILL)
    except OSError:
        pass  # it is gone already, which is what we wanted


def _gone(pid: int, fd: int) -> bool:
    if fd >= 0:
        import select

        return bool(select.select([fd], [], [], 0)[0])
    try:
        os.kill(pid, 0)
    except OSError:
        return True
    return False


def main() -> None:
    """Listen until the lab is gone, then clean up."""
    guard = Guard()
    for line in sys.stdin.buffer:
        guard.take(line.rstrip(b"\n").decode("utf-8", "surrogateescape"))
    guard.clean_up()


if __name__ == "__main__":
    main()
