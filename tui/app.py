"""Starts a dashboard: over a demonstration of our own, or over a cluster somebody else runs.

What is heavy (aiohttp, the lab) is imported by `begin`, which the app calls after its first frame.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
from typing import TYPE_CHECKING, Final

from cluster.model.facts import Fact
from cluster.model.member import Address
from tui.acts import Hands
from tui.dashboard import MasterlessApp, Options, Recorded, Source, Take
from tui.driving.dress import Dress

if TYPE_CHECKING:
    from cluster.lab.show import Show, ShowOptions
    from cluster.sim.watch.orders import Setup
    from tui.sources.live import LiveSource
    from tui.timeline.recording import Recording
    from tui.web.served import Served

AS_IT_IS: Final = Dress()


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
    page: Served | None = None,
    dress: Dress = AS_IT_IS,
) -> int:
    """The dashboard over five (or so) nodes of our own, and as a page for viewers if there is one.

    Raises LabError when they cannot start, ServeError when the page cannot be served.
    """
    return asyncio.run(_demo(options, lasting, page, dress))


def run_inspect(address: str, lasting: float | None = None, dress: Dress = AS_IT_IS) -> int:
    """The dashboard over a cluster that runs already, found through any of its windows."""
    return asyncio.run(_inspect(address, lasting, dress))


async def _demo(
    options: ShowOptions, lasting: float | None, page: Served | None, dress: Dress
) -> int:
    shows: list[Show] = []

    async def begin(take: Take) -> tuple[Source, Hands]:
        from cluster.lab.show import Show
        from tui.sources.live import LiveSource

        live = LiveSource()

        def noticed(fact: Fact) -> None:
            take(fact)
            live.notice(fact)
            if page is not None and shows:
                page.tell(str(window) for window in shows[0].windows().values())

        show = Show(options, noticed)
        shows.append(show)
        calm_collector()
        return Demonstration(show, live), show

    kind = options.architecture
    named = f" --architecture {kind}" if kind != "masterless" else ""
    if page is not None:
        await page.start()
    greeting = f"./demo.sh demo --seed {options.seed}{named} repeats this quiz"
    if page is not None:
        greeting = f"anybody on this machine can look on at {page.address}"
    app = MasterlessApp(begin, Options(expected=options.nodes, greeting=greeting, dress=dress))
    try:
        return await _watch(app, lasting)
    finally:
        for show in shows:
            await show.stop()
        if page is not None:
            await page.stop()


async def _inspect(address: str, lasting: float | None, dress: Dress) -> int:
    async def begin(_take: Take) -> tuple[Source, None]:
        from tui.sources.live import LiveSource

        live = LiveSource([Address(address)])
        calm_collector()
        return live, None

    options = Options(title=address, stage=f"waiting for {address}…", dress=dress)
    return await _watch(MasterlessApp(begin, options), lasting)


def run_sim(
    setup: Setup, speed: float, lasting: float | None = None, dress: Dress = AS_IT_IS
) -> int:
    """The dashboard over a simulated cluster. Raises SimError when its process dies."""
    return asyncio.run(_sim(setup, speed, lasting, dress))


async def _sim(setup: Setup, speed: float, lasting: float | None, dress: Dress) -> int:
    from tui.sources.sim import SimHands, SimSource

    source = SimSource(setup, speed)

    async def begin(_take: Take) -> tuple[Source, Hands]:
        calm_collector()
        return source, SimHands(source)

    named = f" --faults {setup.faults}" if setup.faults != "calm" else ""
    greeting = f"sim --nodes {setup.nodes} --seed {setup.seed}{named} is this very world again"
    app = MasterlessApp(
        begin,
        Options(
            title="sim",
            greeting=greeting,
            stage=f"{setup.nodes:,} nodes are being simulated…",
            dress=dress,
        ),
        now=lambda view: max(source.now, view.at),
        clockwork=source,
    )
    source.on_again = app.begin_again
    try:
        return await _watch(app, lasting)
    finally:
        await source.stop()


def run_replay(reel: Recording, dress: Dress = AS_IT_IS) -> int:
    """The dashboard over a recording, from its beginning on."""
    return asyncio.run(_replay(reel, dress))


async def _replay(reel: Recording, dress: Dress) -> int:
    async def begin(_take: Take) -> tuple[Source, None]:
        calm_collector()
        return Recorded(()), None

    greeting = "playing from the beginning: [ ] marks, { } speed, , . step, space holds"
    if reel.cut_off:
        greeting = "this recording was cut off: masterless record --repair mends the file"
    options = Options(
        title=reel.path.name, greeting=greeting, stage="before the first word…", dress=dress
    )
    return await _watch(MasterlessApp(begin, options, now=lambda _: reel.end_us, reel=reel), None)


async def _watch(app: MasterlessApp, lasting: float | None) -> int:
    """Run until somebody leaves; then raise what went wrong, on a terminal that is itself again."""
    for name in ("COLUMNS", "LINES"):
        # Left behind by readline or a shell, they would be believed instead of the terminal, and
        # no resize would ever be seen (test_terminal starts with them set).
        os.environ.pop(name, None)
    loop = asyncio.get_running_loop()
    # A hangup keeps its default action: the terminal is gone, Textual would wait for it for ever
    # (its writer thread dies on the first write), and our nodes end when we do, however we do.
    loop.add_signal_handler(signal.SIGTERM, app.leave)
    ending = loop.call_later(lasting, app.leave) if lasting else None
    code = await app.run_async()
    if ending is not None:
        ending.cancel()
    if app.failure is not None:
        raise app.failure
    return code if code is not None else app.return_code or 0


def calm_collector() -> None:
    """Keep the garbage collector from stopping a frame: what is loaded by now never dies.

    Measured at 1,000 facts/s: a full collection takes 37 ms, and with the default thresholds
    collections take 3.7 % of a core and put 3 ms on the 95th percentile of frames.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 50, 50)
