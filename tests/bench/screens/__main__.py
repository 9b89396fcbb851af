"""What every screen costs in a terminal, and whether its keys answer in a flood of facts.

    .venv/bin/python -m tests.bench.screens [--seconds 5] [--sizes 120x36,80x24] [--screens a,b]

A child runs the real app on a pseudo-terminal of its own, which the parent drains as a terminal
would. It is fed what a simulated cluster of five nodes told (rooms, clients, a node killed and
started again every 16 s), encoded as windows send it, so that decoding, intake, fold and time line
are all in the figures. Ignores what the cluster itself costs: the world was played beforehand.

Quiet: 1,000 facts/s. `cpu_percent` is all the child's processor time. A frame is what one picture
costs, from the tick that folds and paints it to its last byte handed to the terminal, in processor
time. Flood: 10,000 facts/s; keys are written to the terminal and timed by the wall until the
screen's own title comes back, in the live picture and in a frozen one (`key_cpu_ms`: by the
processor, which a busy machine does not stretch). Prints JSON lines, with the
machine's load; exit status 1 when over the budgets of DESIGN 9.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import select
import signal
import sys
import tempfile
import time
from pathlib import Path
from random import Random
from typing import cast, get_args

import msgspec

from cluster.config import SECOND
from cluster.model.facts import Fact, OperationStarted
from cluster.model.member import NodeId
from cluster.sim.watch.orders import Act, Answer, Order, Play, Setup
from cluster.sim.watch.worker import Theatre
from tests.bench.dashboard import drain, spawn
from tests.bench.timeline.tape import resident_mb
from tui.dashboard import READ_AHEAD_US, MasterlessApp, Options, Source, Take
from tui.driving.collector import calm_collector
from tui.keys import KEYS, Action
from tui.scene import ScreenName
from tui.view import ClusterView

QUIET_PER_S, FLOOD_PER_S = 1_000, 10_000
CPU_PERCENT_MAX = 25.0
FRAME_P95_MS_MAX = 12.0
KEY_MS_MAX = 100.0
BEFORE_US = 8 * SECOND
"""World time that is told at once, before anything is measured: the cluster stands."""
ROUND_US = 16 * SECOND
SETTLING_S = 1.5
FRAME_FACTS = 20
"""Of one frame of the window's."""
SCREENS = [name for name in get_args(ScreenName) if name != "compare"]
"""Compare draws worlds of its own, and only when asked."""
KEYS_OF = {
    key.action: key.keys[0]
    for key in KEYS
    if key.action in SCREENS and key.keys and key.action != "key"
}
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")

_facts = msgspec.msgpack.Decoder(list[Fact])


def world(facts_min: int) -> tuple[list[Fact], list[Fact]]:
    """What a cluster told until it stood, and then at least so many facts."""
    theatre = Theatre(Setup(7, 5, rooms=24))
    before: list[Fact] = []
    after: list[Fact] = []

    def ask(order: Order) -> Answer:
        answer = theatre.answer(order)
        (before if answer.now - began <= BEFORE_US else after).extend(answer.facts)
        return answer

    now = began = theatre.answer(Play(0, 0)).now
    down = False
    while len(after) < facts_min:
        due = began + BEFORE_US + (now - began) // ROUND_US * ROUND_US
        if now > due + (6 * SECOND if down else 2 * SECOND) and (down or now < due + 4 * SECOND):
            ask(Act("start" if down else "kill", "n4"))
            down = not down
        now = ask(Play(now + SECOND // 10, 10 * SECOND)).now
    return before, after


# --- the child --------------------------------------------------------------------------------------


class Playing:
    """A source that tells what was played, so many facts a second. Its clock is the facts'."""

    def __init__(self, before: list[Fact], frames: list[bytes], per_s: int) -> None:
        self._before = before
        self._frames = frames
        self._per_s = per_s
        self.now = 0
        self.told = 0

    async def run(self, take: Take) -> None:
        """Tell it all at its pace."""
        self._tell(self._before, take)
        began = time.perf_counter()
        for frame in self._frames:
            early = self.told / self._per_s - (time.perf_counter() - began)
            if early > 0:
                await asyncio.sleep(early)
            self.told += self._tell(_facts.decode(frame), take)

    def _tell(self, facts: list[Fact], take: Take) -> int:
        for fact in facts:
            self.now = max(self.now, fact.at)
            take(fact)
        return len(facts)


class Measured(MasterlessApp):
    """The app, and what each of its frames cost."""

    costs: list[tuple[float, float]]
    """(seconds of the clock, milliseconds of the processor)"""
    marks: list[tuple[float, float]]
    keys: list[float]
    """Milliseconds of the processor from a key's arrival until its picture is on its way."""
    begun = key_begun = 0.0
    shown = 0
    left_most = 0

    def tick(self) -> None:
        """Note when a frame is begun."""
        began = time.process_time()
        super().tick()
        if self.frames != self.shown:
            self.begun, self.shown = began, self.frames
        self.left_most = max(self.left_most, len(self.facts))

    def action_do(self, action: Action) -> None:
        """Note when a key comes."""
        self.key_begun = time.process_time()
        super().action_do(action)

    def post_display_hook(self) -> None:
        """Note when it is on its way to the terminal."""
        clock, spent = time.perf_counter(), time.process_time()
        self.marks.append((clock, spent))
        if self.begun:
            self.costs.append((clock, (spent - self.begun) * 1_000))
            self.begun = 0.0
        if self.key_begun:
            self.keys.append((spent - self.key_begun) * 1_000)
            self.key_begun = 0.0


def child(screen: str, seconds: float, per_s: int, told: Path, report: Path) -> None:
    """The app on this terminal; writes what it cost."""
    before, *frames = msgspec.msgpack.decode(told.read_bytes(), type=list[msgspec.Raw])
    source = Playing(_facts.decode(before), [bytes(frame) for frame in frames], per_s)

    async def begin(_take: Take) -> tuple[Source, None]:
        calm_collector()
        return source, None

    def now(view: ClusterView) -> int:
        return max(source.now, view.at)

    app = Measured(begin, Options(screen=cast("ScreenName", screen)), now=now)
    app.costs, app.marks, app.keys = [], [], []
    app.desk = msgspec.structs.replace(app.desk, selected=NodeId("n4"))
    key = next(
        f.payload.key for f in _facts.decode(before) if isinstance(f.payload, OperationStarted)
    )
    app.asker.look_at(key)

    async def run() -> None:
        task = asyncio.create_task(app.run_async())
        if seconds:
            await asyncio.sleep(seconds + SETTLING_S)
            app.exit(0)
        await task

    asyncio.run(run())
    if app.failure is not None:
        raise app.failure
    since = app.marks[0][0] + SETTLING_S
    marks = [mark for mark in app.marks if mark[0] >= since]
    costs = sorted(ms for at, ms in app.costs if at >= since)
    elapsed = marks[-1][0] - marks[0][0]
    figures = {
        "facts_per_s": round(source.told / (time.perf_counter() - app.marks[0][0])),
        "unfolded_most": app.left_most,
        "frames_per_s": round(len(costs) / elapsed, 1),
        "frame_ms_p50": round(costs[len(costs) // 2], 2),
        "frame_ms_p95": round(costs[len(costs) * 95 // 100], 2),
        "cpu_percent": round((marks[-1][1] - marks[0][1]) / elapsed * 100, 1),
        "resident_mb": round(resident_mb()),
    }
    if app.keys:
        app.keys.sort()
        figures["key_cpu_ms_p50"] = round(app.keys[len(app.keys) // 2], 1)
        figures["key_cpu_ms_p95"] = round(app.keys[len(app.keys) * 95 // 100], 1)
    report.write_text(json.dumps(figures))


# --- the parent -------------------------------------------------------------------------------------


class Terminal:
    """The other end of the child's terminal."""

    def __init__(self, argv: list[str], size: tuple[int, int]) -> None:
        self.pid, self._master = spawn(["-m", "tests.bench.screens", *argv], size)
        self.written = 0
        self.tail = b""

    def read(self, within: float) -> bool:
        """Take what was written within a time; False when it is over, or nothing was."""
        if not select.select([self._master], [], [], within)[0]:
            return True
        data = drain(self._master)
        self.written += len(data)
        self.tail = (self.tail + data)[-400_000:]
        return bool(data)

    def rest(self, seconds: float) -> None:
        """Drain for a while."""
        until = time.perf_counter() + seconds
        while (left := until - time.perf_counter()) > 0 and self.read(left):
            pass

    def press(self, key: str, sight: str) -> float:
        """Milliseconds from writing a key until this is on the screen. Raises SystemExit."""
        self.tail = b""
        self.write(key)
        return self.await_sight(sight, 10.0)

    def await_sight(self, sight: str, within: float) -> float:
        """Milliseconds until this is on the screen. Raises SystemExit, and ends the child."""
        began = time.perf_counter()
        while time.perf_counter() - began < within and self.read(0.2):
            if sight in ESCAPES.sub("", self.tail.decode(errors="replace")):
                return (time.perf_counter() - began) * 1_000
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        raise SystemExit(f"no {sight!r} within {within} s")

    def write(self, text: str) -> None:
        """What fingers do."""
        os.write(self._master, text.encode())

    def end(self) -> None:
        """Wait for the child."""
        while self.read(30.0):
            pass
        os.waitpid(self.pid, 0)
        os.close(self._master)


def run(
    argv: list[str], size: tuple[int, int], press: int = 0
) -> tuple[dict[str, object], dict[str, list[float]]]:
    """A child from beginning to end: its report, and how long keys took (none if not pressed)."""
    with tempfile.TemporaryDirectory(prefix="masterless-bench-") as directory:
        report = Path(directory) / "report.json"
        terminal = Terminal([*argv, "--report", str(report)], size)
        began = time.perf_counter()
        keys = pressed(terminal, press) if press else {}
        terminal.end()
        seconds = time.perf_counter() - began
        if not report.exists():
            sys.stderr.write(terminal.tail.decode(errors="replace")[-4_000:])
            raise SystemExit("the child ended without a report")
        figures = cast("dict[str, object]", json.loads(report.read_text()))
    figures["kB_per_s"] = round(terminal.written / 1_000 / seconds)
    figures["load"] = round(os.getloadavg()[0], 1)
    return figures, keys


def pressed(terminal: Terminal, count: int) -> dict[str, list[float]]:
    """Press keys in the flood: screen after screen, live and frozen. Quits at the end."""
    random = Random(5)
    terminal.await_sight("/ home", 60.0)
    terminal.rest(READ_AHEAD_US / 1e6 + SETTLING_S)
    took: dict[str, list[float]] = {"live": [], "frozen": []}
    walk = [(screen, key) for screen, key in KEYS_OF.items() if screen != "home"]
    walk.append(("home", KEYS_OF["home"]))
    for how in ("live", "frozen"):
        if how == "frozen":
            took["freeze"] = [terminal.press(" ", "FROZEN")]
        for screen, key in walk * count:
            terminal.rest(0.05 + random.random() * 0.1)
            took[how].append(terminal.press(key, f"/ {screen}"))
    took["return"] = [terminal.press("L", "LIVE")]
    terminal.write("q")
    return took


def quiet(screens: list[str], sizes: list[tuple[int, int]], seconds: float) -> bool:
    """Each screen at each size. Whether all keep their budgets."""
    kept = True
    with tempfile.TemporaryDirectory(prefix="masterless-bench-") as directory:
        told = told_in(Path(directory), int((seconds + 2 * SETTLING_S) * QUIET_PER_S))
        for screen in screens:
            for size in sizes:
                argv = ["--child", screen, "--seconds", str(seconds), "--told", str(told)]
                figures, _ = run(argv, size)
                where = {"bench": "screen", "screen": screen, "size": f"{size[0]}x{size[1]}"}
                print(json.dumps(where | figures), flush=True)
                cpu = cast("float", figures["cpu_percent"])
                kept &= cpu <= CPU_PERCENT_MAX
                kept &= cast("float", figures["frame_ms_p95"]) <= FRAME_P95_MS_MAX
    return kept


def flood(size: tuple[int, int], seconds: float) -> bool:
    """Keys while ten times as much is told. Whether they answer in time."""
    kept = True
    with tempfile.TemporaryDirectory(prefix="masterless-bench-") as directory:
        told = told_in(Path(directory), int(seconds * FLOOD_PER_S))
        argv = ["--child", "home", "--per-s", str(FLOOD_PER_S), "--told", str(told)]
        figures, keys = run(argv, size, press=2)
    where = {"bench": "flood", "size": f"{size[0]}x{size[1]}"}
    print(json.dumps(where | figures), flush=True)
    for how, times in keys.items():
        times.sort()
        p95 = times[len(times) * 95 // 100]
        kept &= p95 <= KEY_MS_MAX
        line = {"bench": "keys", "picture": how, "presses": len(times)}
        line |= {"ms_p50": round(times[len(times) // 2], 1), "ms_p95": round(p95, 1)}
        print(json.dumps(line | {"ms_max": round(times[-1], 1)}), flush=True)
    return kept


def told_in(directory: Path, facts_min: int) -> Path:
    """A file of what a world told: its beginning, then frames as windows send them."""
    before, after = world(facts_min)
    starts = range(0, len(after), FRAME_FACTS)
    frames = [before, *(after[start : start + FRAME_FACTS] for start in starts)]
    path = directory / "told"
    path.write_bytes(msgspec.msgpack.encode(frames))
    return path


def main() -> int:
    """Measure each screen, then keys in a flood."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--sizes", default="120x36,80x24")
    parser.add_argument("--screens", default=",".join(SCREENS))
    parser.add_argument("--flood", type=float, default=12.0, help="seconds of facts; 0: none")
    parser.add_argument("--child", default="")
    parser.add_argument("--per-s", type=int, default=QUIET_PER_S)
    parser.add_argument("--told", type=Path, default=Path("told"))
    parser.add_argument("--report", type=Path, default=Path("report.json"))
    options = parser.parse_args()
    if options.child:
        seconds = 0 if options.per_s == FLOOD_PER_S else options.seconds
        child(options.child, seconds, options.per_s, options.told, options.report)
        return 0
    sizes = [
        cast("tuple[int, int]", tuple(map(int, s.split("x")))) for s in options.sizes.split(",")
    ]
    screens = [name for name in options.screens.split(",") if name]
    kept = quiet(screens, sizes, options.seconds)
    if options.flood:
        kept &= flood(sizes[0], options.flood)
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
