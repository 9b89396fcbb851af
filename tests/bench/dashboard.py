"""What the dashboard costs: a real pty, 120x36, 30 fps, five nodes telling 1,000 facts a second.

    .venv/bin/python tests/bench/dashboard.py [--seconds 8] [--size 120x36] [--screens ring,home]

The parent forks the app onto a pseudo-terminal and drains it, as a terminal would; the child
plays `tests.tui.story.busy_story` in real time. A frame's cost is the processor time between two
displays: intake, fold, paint, Textual's compositor, encoding and writing. (Screens of text are
painted eight times a second, so theirs is the cost of four ticks and is not held to the p95.)
Prints JSON lines; exit status 1 when over the budget (DESIGN 9: 25 % of a core, p95 12 ms).
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
CPU_PERCENT_MAX = 25.0
P95_MS_MAX = 12.0
FOLD_PER_S_MIN = 100_000


def child(screen: str, seconds: float, report: Path) -> None:
    """The app, playing the story on this terminal."""
    from tests.tui import story
    from tui.app import calm_collector
    from tui.dashboard import MasterlessApp, Options, Source, Take
    from tui.scene import ScreenName
    from tui.view import ClusterView

    facts = story.busy_story()
    first = story.START + 1_500_000
    began = time.perf_counter_ns()

    def now(_view: ClusterView) -> int:
        return first + (time.perf_counter_ns() - began) // 1_000

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
                "facts_per_s": round(len(facts) / 10),
                "frames_per_s": round(len(costs) / elapsed, 1),
                "ms_p50": round(costs[len(costs) // 2], 2),
                "ms_p95": round(costs[len(costs) * 95 // 100], 2),
                "cpu_percent": round((settled[-1][1] - settled[0][1]) / elapsed * 100, 1),
            }
        )
    )


def measure(screen: str, size: tuple[int, int], seconds: float) -> dict[str, object]:
    """Fork the child onto a pty, drain it, read its report."""
    with tempfile.TemporaryDirectory() as directory:
        report = Path(directory) / "report.json"
        pid, master = pty.fork()
        if pid == 0:
            environ = {k: v for k, v in os.environ.items() if k != "NO_COLOR"}
            environ |= {"TERM": "xterm-256color", "COLORTERM": "truecolor", "PYTHONPATH": str(ROOT)}
            argv = [sys.executable, __file__, "--child", screen, "--report", str(report)]
            os.execve(sys.executable, [*argv, "--seconds", str(seconds)], environ)
        columns, rows = size
        fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        written = 0
        output = b""
        while select.select([master], [], [], 30)[0]:
            try:
                data = os.read(master, 1 << 16)
            except OSError:
                break
            if not data:
                break
            written += len(data)
            output = (output + data)[-4_000:]
        os.waitpid(pid, 0)
        os.close(master)
        if not report.exists():
            sys.stderr.write(output.decode(errors="replace"))
            raise SystemExit("the child ended without a report")
        figures = cast("dict[str, object]", json.loads(report.read_text()))
    bench = {"bench": "dashboard", "screen": screen, "size": f"{columns}x{rows}"}
    return bench | figures | {"kB_per_s": round(written / 1_000 / seconds)}


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
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--size", default="120x36")
    parser.add_argument("--screens", default="ring,home")
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
    rates = fold_rate()
    print(json.dumps(rates), flush=True)
    over |= cast("int", rates["per_s_batch_1000"]) < FOLD_PER_S_MIN
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
