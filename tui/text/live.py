"""A cluster followed without a dashboard: the same facts, the same fold, lines of text.

For pipes, logs and screen readers, and for `demo --plain --for 20`, which ends by asking for every
acknowledged answer and fails if one is missing.
"""

from __future__ import annotations

import asyncio
import select
import sys
from collections.abc import Callable, Sequence
from typing import Final

from cluster.lab.nodes import ONE_COPY, copies_for
from cluster.lab.show import Show, ShowOptions
from cluster.lab.up import Stopping, stop_requests
from cluster.model.facts import Fact
from tui.fold import fold
from tui.judge.wording import counted
from tui.sources.foreign.watching import ForeignSource, source_of
from tui.sources.live import LiveSource, wall
from tui.text.plain import Plain, clock
from tui.view import ClusterView

PERIOD_S: Final = 0.25
INTERRUPTED: Final = 130

Say = Callable[[str], None]


async def follow(address: str, say: Say) -> int:
    """`inspect --plain`: until Ctrl-C."""
    source = source_of(address)
    source.start()
    with stop_requests() as stopping:
        try:
            await _print(source, [], say, stopping)
        finally:
            await source.close()
    return INTERRUPTED if stopping.interrupted else 0


async def follow_demo(options: ShowOptions, say: Say, lasting_s: float | None) -> int:
    """`demo --plain`: until Ctrl-C, or for a time and then an audit. May raise LabError."""
    source = LiveSource()
    lab_facts: list[Fact] = []

    def on_fact(fact: Fact) -> None:
        source.notice(fact)
        lab_facts.append(fact)

    kind = options.architecture
    count = counted(options.nodes, "node")
    said = f"seed {options.seed}, {count}, {options.profile} profile"
    if copies_for(options.nodes) == 1:
        said += f", {ONE_COPY}"
    say(f"{clock(wall())}  --  {said}" + (f", {kind}" if kind != "masterless" else ""))
    show = Show(options, on_fact)
    source.start()
    with stop_requests() as stopping:
        printing = asyncio.create_task(_print(source, lab_facts, say, stopping))
        starting = asyncio.create_task(show.start())
        stopped = asyncio.create_task(stopping.wait())
        try:
            first = asyncio.FIRST_COMPLETED
            await asyncio.wait((starting, stopped, printing), return_when=first)
            if starting.done():
                starting.result()
                await asyncio.wait((stopped, printing), timeout=lasting_s, return_when=first)
            if printing.done():
                printing.result()  # raises when nobody reads us any more
            if stopping.is_set():
                return INTERRUPTED if stopping.interrupted else 0
            await show.workload.pause()
            audit = await show.audit()
            say(f"{clock(wall())}  --  audit: {audit}")
            return 1 if audit.unreadable else 0
        finally:
            stopping.set()
            await show.stop()
            await source.close()
            await asyncio.gather(printing, starting, stopped, return_exceptions=True)


def unread() -> bool:
    """Whether nobody reads our lines any more: of a pipe one learns that else only by writing."""
    if not hasattr(select, "poll"):
        return False
    try:
        poll = select.poll()
        poll.register(sys.stdout.fileno(), select.POLLERR)
        return any(event & select.POLLERR for _, event in poll.poll(0))
    except (OSError, ValueError):  # it is no file
        return False


async def _print(
    source: LiveSource | ForeignSource, lab_facts: list[Fact], say: Say, stopping: Stopping
) -> None:
    """Fold what came and print what is new, four times a second."""
    view = ClusterView()
    plain = Plain(say)
    while not stopping.is_set():
        try:
            async with asyncio.timeout(PERIOD_S):
                await stopping.wait()
        except TimeoutError:
            pass
        if unread():
            raise BrokenPipeError
        batch: Sequence[Fact] = [*lab_facts, *source.drain()]
        lab_facts.clear()
        view = fold(view, batch)
        plain.show(view, max(wall(), view.at))
