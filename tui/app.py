"""Starts a dashboard: over a demonstration of our own, or over a cluster somebody else runs.

What is heavy (aiohttp, the lab) is imported by `begin`, which the app calls after its first frame.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import termios
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from cluster.model.facts import Fact
from tui.acts import Hands
from tui.dashboard import Begin, MasterlessApp, Options, Recorded, Source, Take, wall
from tui.driving.collector import calm_collector
from tui.driving.dress import Dress
from tui.sources.clocks import Now

if TYPE_CHECKING:
    from cluster.lab.show import Show, ShowOptions
    from cluster.sim.watch.orders import Setup
    from tui.sources.live import LiveSource
    from tui.sources.sim import SimSource
    from tui.timeline.recording import Recording
    from tui.web.page import Page

AS_IT_IS: Final = Dress()
LOOKING_ONLY: Final = "looking only: inspect --faults lets links be cut"
ASKED_ONLY: Final = "looking only: nothing but questions is ever sent to it"


class Demonstration:
    """The source that starts a show and listens to it."""

    def __init__(self, show: Show, live: LiveSource) -> None:
        self._show = show
        self._live = live

    async def run(self, take: Take) -> None:
        """Start the nodes; follow each from its first moment on."""
        following = asyncio.create_task(self._live.run(take), name="follow")
        try:
            await self._show.start()
            await following
        finally:
            following.cancel()
            await asyncio.wait([following])


def run_demo(
    options: ShowOptions,
    lasting: float | None = None,
    page: Page | None = None,
    dress: Dress = AS_IT_IS,
) -> int:
    """The dashboard over five (or so) nodes of our own, and as a page for viewers if there is one.

    Raises LabError when they cannot start, ServeError when the page cannot be served.
    """
    return asyncio.run(_demo(options, lasting, page, dress))


def run_inspect(
    address: str,
    lasting: float | None = None,
    page: Page | None = None,
    dress: Dress = AS_IT_IS,
    *,
    faults: bool = False,
    also: tuple[str, ...] = (),
) -> int:
    """The dashboard over a cluster that runs already, found through any of its windows.

    `also`: where others of it were found, for when the one that was named is gone by then. `faults`: its links may be cut, where its nodes allow it, each time after a question.
    Raises ServeError when the page cannot be served; so do the two below.
    """
    return asyncio.run(_inspect(address, lasting, page, dress, faults, also))


async def _demo(
    options: ShowOptions, lasting: float | None, page: Page | None, dress: Dress
) -> int:
    shows: list[Show] = []

    async def begin(take: Take) -> tuple[Source, Hands]:
        from cluster.lab.show import Show
        from tui.sources.live import LiveSource

        live = LiveSource()

        def noticed(fact: Fact) -> None:
            take(fact)
            live.notice(fact)
            if page is not None:
                page.hear(fact)

        show = Show(options, noticed)
        shows.append(show)
        calm_collector()
        return Demonstration(show, live), show

    kind = options.architecture
    named = f" --architecture {kind}" if kind != "masterless" else ""
    greeting = f"./demo.sh demo --seed {options.seed}{named} repeats this quiz"
    if options.nodes == 1:
        greeting = "one node keeps one copy of each key, also when others are added"
    shown = Options(expected=options.nodes, greeting=greeting, dress=dress)
    try:
        return await _watch(begin, shown, lasting=lasting, page=page)
    finally:
        for show in shows:
            await show.stop()


async def _inspect(
    address: str,
    lasting: float | None,
    page: Page | None,
    dress: Dress,
    faults: bool,
    also: tuple[str, ...],
) -> int:
    from tui.sources.foreign.watching import ForeignSource, shown, source_of

    apps: list[MasterlessApp] = []
    foreign: list[ForeignSource] = []

    async def begin(_take: Take) -> tuple[Source, Hands | None]:
        from tui.inspecting.surgeon import Surgeon

        live = source_of(address, also)
        if isinstance(live, ForeignSource):
            foreign.append(live)
        calm_collector()
        return live, Surgeon(lambda: apps[0].view) if faults else None

    greeting = "links of this cluster can be cut (i, :cut, :partition): each is asked first"
    options = Options(
        title=shown(address),
        stage=f"waiting for {shown(address)}…",
        trouble=lambda: foreign[0].trouble if foreign else "",
        dress=dress,
        foreign=faults,
        greeting=greeting if faults else ASKED_ONLY if "://" in address else LOOKING_ONLY,
    )
    return await _watch(begin, options, lasting=lasting, page=page, made=apps.append)


def run_sim(
    setup: Setup,
    speed: float,
    lasting: float | None = None,
    page: Page | None = None,
    dress: Dress = AS_IT_IS,
) -> int:
    """The dashboard over a simulated cluster. Raises SimError when its process dies."""
    return asyncio.run(_sim(setup, speed, lasting, page, dress))


async def _sim(
    setup: Setup, speed: float, lasting: float | None, page: Page | None, dress: Dress
) -> int:
    from tui.sources.sim import SimHands, SimSource

    source = SimSource(setup, speed)

    async def begin(_take: Take) -> tuple[Source, Hands]:
        calm_collector()
        return source, SimHands(source)

    named = f" --faults {setup.faults}" if setup.faults != "calm" else ""
    greeting = f"sim --nodes {setup.nodes} --seed {setup.seed}{named} is this very world again"
    stage = f"{setup.nodes:,} nodes are being simulated…"
    shown = Options(title="sim", greeting=greeting, stage=stage, dress=dress)
    try:
        return await _watch(begin, shown, lasting=lasting, page=page, world=source)
    finally:
        await source.stop()


def run_replay(reel: Recording, page: Page | None = None, dress: Dress = AS_IT_IS) -> int:
    """The dashboard over a recording, from its beginning on."""
    return asyncio.run(_replay(reel, page, dress))


async def _replay(reel: Recording, page: Page | None, dress: Dress) -> int:
    from tui.timeline.recording import NO_VIEW

    async def begin(_take: Take) -> tuple[Source, None]:
        calm_collector()
        return Recorded(()), None

    stage = "before the first word…" if NO_VIEW not in reel.trouble else f"{NO_VIEW}."
    shown = Options(title=reel.path.name, greeting=welcome(reel), stage=stage, dress=dress)
    return await _watch(begin, shown, page=page, reel=reel)


def welcome(reel: Recording) -> str:
    """What is said first about a recording: what is wrong with it, or which keys move through it."""
    if reel.trouble:
        return reel.trouble
    if reel.cut_off and reel.being_written:
        return "still being written: this is what was there by now; replay it again for more"
    if reel.cut_off:
        return "this recording was cut off: masterless record --repair mends the file"
    return "playing from the beginning: [ ] marks, { } speed, , . step, space holds"


async def _watch(
    begin: Begin,
    options: Options,
    *,
    lasting: float | None = None,
    page: Page | None = None,
    world: SimSource | None = None,
    reel: Recording | None = None,
    made: Callable[[MasterlessApp], None] | None = None,
) -> int:
    """Run until somebody leaves; then raise what went wrong, on a terminal that is itself again."""
    for name in ("COLUMNS", "LINES"):
        # Left behind by readline or a shell, they would be believed instead of the terminal, and
        # no resize would ever be seen (test_terminal starts with them set).
        os.environ.pop(name, None)
    if page is not None:
        await page.start()
        options = replace(options, greeting=page.greeting, pages=page.told)
        begin = page.through(begin)
        print(f"{page.greeting}\n{page.told}", flush=True)  # noqa: T201
    app = MasterlessApp(begin, options, now=_clock(world, reel), clockwork=world, reel=reel)
    if made is not None:
        made(app)
    if page is not None:
        page.attach(app)

    def again() -> None:
        app.begin_again()
        if page is not None:
            page.again()

    if world is not None:
        world.on_again = again
    loop = asyncio.get_running_loop()
    leave_when_told(app.leave)
    ending = loop.call_later(lasting, app.leave) if lasting else None
    try:
        # Where nobody sees a terminal, the page is all there is to see.
        code = await app.run_async(headless=not sys.stdout.isatty())
    finally:
        stay_left()
        if page is not None:
            await page.stop()
    if ending is not None:
        ending.cancel()
    if app.failure is not None:
        raise app.failure
    return code if code is not None else app.return_code or 0


def leave_when_told(leave: Callable[[], None]) -> None:
    """SIGTERM leaves as `q` does and gives the terminal back; a hangup too, while there is one."""
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, leave)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:
        loop.add_signal_handler(signal.SIGHUP, _hung_up, leave)


def _hung_up(leave: Callable[[], None]) -> None:
    """Without a terminal Textual would wait for it for ever (its writer thread dies on the first
    write), and our nodes end when we do, however we do.
    """
    try:
        termios.tcgetattr(sys.__stdout__ or -1)
    except (termios.error, OSError, ValueError):
        asyncio.get_running_loop().remove_signal_handler(signal.SIGHUP)
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGHUP)
    else:
        leave()


def stay_left() -> None:
    """The terminal is given back: Ctrl-Z no longer stops what is only ending its processes (told to
    go on, Textual would take the terminal again and keep it).
    """
    signal.signal(signal.SIGTSTP, signal.SIG_IGN)


def _clock(world: SimSource | None, reel: Recording | None) -> Now:
    if world is not None:
        return lambda view: max(world.now, view.at)
    return wall if reel is None else lambda _view: reel.end_us
