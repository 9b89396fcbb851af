"""What the dashboard costs: a real pty, 120x36, 30 fps, five nodes telling 1,000 facts a second.

    .venv/bin/python tests/bench/dashboard.py [--seconds 8] [--size 120x36] [--screens ring,home]

The parent forks the app onto a pseudo-terminal and drains it, as a terminal would; the child
plays `tests.tui.story.busy_story` in real time. A frame's cost is the processor time between two
displays: intake, fold, paint, Textual's compositor, encoding and writing. (Screens of text are
painted eight times a second, so theirs is the cost of four ticks and is not held to the p95.)
Then the real demo is started and left, and the fold is timed. Prints JSON lines; exit status 1
when over the budgets of DESIGN 9.
"""

from __future__ import annotations

import argparse
import asyncio
import fcntl
import json
import os
import pty
import select
import struct
import sys
import tempfile
import termios
import time
from itertools import pairwise
from pathlib import Path
from typing import cast

ROOT = Path(__file__).resolve().parents[2]
FACTS_PER_S = 1_000
STORY_S = 10
"""How long the busy story lasts, told at its own pace."""
CPU_PERCENT_MAX = 25.0
P95_MS_MAX = 12.0
SECONDS_MAX = {"first_frame_s": 0.7, "converged_s": 4.0, "leave_s": 1.0}
FOLD_PER_S_MIN = 100_000


def child(screen: str, seconds: float, report: Path) -> None:
    """The app, playing the story on this terminal."""
    from tests.tui import story
    from tui.dashboard import MasterlessApp, Options, Source, Take
    from tui.driving.collector import calm_collector
    from tui.scene import ScreenName
    from tui.view import ClusterView

    facts = story.busy_story()
    first = story.START + 1_500_000
    began = time.perf_counter_ns()

    speed = FACTS_PER_S / (len(facts) / STORY_S)

    def now(_view: ClusterView) -> int:
        return first + int((time.perf_counter_ns() - began) * speed) // 1_000

    class Playing:
        async def run(self, take: Take) -> None:
            for fact in facts:
                early = fact.at - now(ClusterView())
                if early > 0:
                    await asyncio.sleep(early / 1e6)
                take(fact)

    async def begin(_take: Take) -> tuple[Source, None]:
        calm_collector()
        return Playing(), None

    class Measured(MasterlessApp):
        spent: list[tuple[float, float]] = []  # noqa: RUF012 - one instance

        def post_display_hook(self) -> None:
            self.spent.append((time.perf_counter(), time.process_time()))

    app = Measured(begin, Options(screen=cast("ScreenName", screen)), now=now)

    async def run() -> None:
        task = asyncio.create_task(app.run_async())
        await asyncio.sleep(seconds)
        app.exit(0)
        await task

    asyncio.run(run())
    settled = [mark for mark in app.spent if mark[0] > app.spent[0][0] + 1.5]
    costs = sorted((b[1] - a[1]) * 1_000 for a, b in pairwise(settled))
    elapsed = settled[-1][0] - settled[0][0]
    report.write_text(
        json.dumps(
            {
                "facts_per_s": round(len(facts) / STORY_S * speed),
                "frames_per_s": round(len(costs) / elapsed, 1),
                "ms_p50": round(costs[len(costs) // 2], 2),
                "ms_p95": round(costs[len(costs) * 95 // 100], 2),
                "cpu_percent": round((settled[-1][1] - settled[0][1]) / elapsed * 100, 1),
            }
        )
    )


BYTECODE = tempfile.TemporaryDirectory(prefix="masterless-bench-")
"""Ours, so that a machine that keeps no bytecode is measured as one that does."""


def spawn(argv: list[str], size: tuple[int, int]) -> tuple[int, int]:
    """A Python program on a pseudo-terminal of its own: (pid, the terminal's other end)."""
    pid, master = pty.fork()
    if pid == 0:
        unwanted = {"NO_COLOR", "COLUMNS", "LINES", "PYTHONDONTWRITEBYTECODE"}
        environ = {k: v for k, v in os.environ.items() if k not in unwanted}
        environ |= {"TERM": "xterm-256color", "COLORTERM": "truecolor", "PYTHONPATH": str(ROOT)}
        environ["PYTHONPYCACHEPREFIX"] = BYTECODE.name
        os.execve(sys.executable, [sys.executable, *argv], environ)
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
    return pid, master


def drain(master: int, within: float = 30.0) -> bytes:
    """What the program wrote; empty when it ended, or wrote nothing for so long."""
    if not select.select([master], [], [], within)[0]:
        return b""
    try:
        return os.read(master, 1 << 16)
    except OSError:
        return b""


def measure(screen: str, size: tuple[int, int], seconds: float) -> dict[str, object]:
    """Run the child on a pty, drain it, read its report."""
    with tempfile.TemporaryDirectory() as directory:
        report = Path(directory) / "report.json"
        argv = [__file__, "--child", screen, "--report", str(report), "--seconds", str(seconds)]
        pid, master = spawn(argv, size)
        written = 0
        output = b""
        while data := drain(master):
            written += len(data)
            output = (output + data)[-4_000:]
        os.waitpid(pid, 0)
        os.close(master)
        if not report.exists():
            sys.stderr.write(output.decode(errors="replace"))
            raise SystemExit("the child ended without a report")
        figures = cast("dict[str, object]", json.loads(report.read_text()))
    bench = {"bench": "dashboard", "screen": screen, "size": f"{size[0]}x{size[1]}"}
    return bench | figures | {"kB_per_s": round(written / 1_000 / seconds)}


def start_and_leave(size: tuple[int, int]) -> dict[str, object]:
    """The real demo: seconds to the first frame, to a converged ring, and from q to the end."""
    began = time.perf_counter()
    pid, master = spawn([str(ROOT / "masterless.py"), "demo", "--seed", "7"], size)
    seen = b""
    marks: dict[str, float] = {}
    for name, sight in (("first_frame_s", b"masterless"), ("converged_s", b"nodes agree")):
        while sight not in seen:
            data = drain(master)
            if not data:
                raise SystemExit(f"the demo ended before {sight!r}: {seen[-400:]!r}")
            seen += data
        marks[name] = round(time.perf_counter() - began, 2)
    os.write(master, b"q")
    asked = time.perf_counter()
    while drain(master):
        pass
    os.waitpid(pid, 0)
    os.close(master)
    return {"bench": "start", **marks, "leave_s": round(time.perf_counter() - asked, 2)}


def fold_rate() -> dict[str, object]:
    """Facts folded per second, in the batches that 30 ticks a second would see, and in large."""
    sys.path.insert(0, str(ROOT))
    from tests.tui import story
    from tui.fold import fold
    from tui.view import ClusterView

    facts = story.busy_story()
    rates: dict[str, object] = {"bench": "fold", "facts": len(facts)}
    for name, batch in (("per_s_batch_33", 33), ("per_s_batch_1000", 1_000)):
        best = 0.0
        for _ in range(3):
            view = ClusterView()
            began = time.process_time()
            for start in range(0, len(facts), batch):
                view = fold(view, facts[start : start + batch])
            best = max(best, len(facts) / (time.process_time() - began))
        rates[name] = round(best)
    return rates


def main() -> int:
    """Measure each screen, then the fold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=7.0)
    parser.add_argument("--size", default="120x36")
    parser.add_argument("--screens", default="ring,home")
    parser.add_argument("--starts", type=int, default=2, help="how often to start the real demo")
    parser.add_argument("--child", default="")
    parser.add_argument("--report", type=Path, default=Path("report.json"))
    options = parser.parse_args()
    if options.child:
        child(options.child, options.seconds, options.report)
        return 0
    columns, _, rows = options.size.partition("x")
    over = False
    for screen in options.screens.split(","):
        figures = measure(screen, (int(columns), int(rows)), options.seconds)
        print(json.dumps(figures), flush=True)
        cpu, p95 = cast("float", figures["cpu_percent"]), cast("float", figures["ms_p95"])
        moving = cast("float", figures["frames_per_s"]) > 20
        over |= cpu > CPU_PERCENT_MAX or (moving and p95 > P95_MS_MAX)
    for attempt in range(options.starts + 1):
        times = start_and_leave((int(columns), int(rows)))
        print(json.dumps({**times, "warm": attempt > 0}), flush=True)
        over |= attempt > 0 and any(
            cast("float", times[name]) > most for name, most in SECONDS_MAX.items()
        )
    rates = fold_rate()
    print(json.dumps(rates), flush=True)
    over |= cast("int", rates["per_s_batch_1000"]) < FOLD_PER_S_MIN
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
