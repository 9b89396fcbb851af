"""The dashboard's end of its viewers: passes on what it hears, and does what they may ask for.

A viewer costs the cluster nothing: whatever comes of nodes or of a simulated world comes once, to the
dashboard, and is packed once for all viewers. Whether one may act was decided by whoever handed us
its socket (`tui.web.served`); from the others nothing is ever read. Bounded: facts wait `FLUSH_S`,
and who does not keep up is let go at `BACKLOG_MAX`, to come again to a whole view.
"""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final, Protocol

import msgspec

from cluster.lab.witness import LabError
from cluster.model.facts import Fact
from cluster.model.member import NodeId
from tui.acts import Acts, Hands
from tui.sources.clockwork import Clockwork
from tui.sources.source import Source, Take
from tui.timeline.cutter import keep
from tui.view import ClusterView
from tui.web.feed import (
    ASKED_BYTES_MAX,
    Act,
    Answered,
    Down,
    Opening,
    Pace,
    Said,
    Told,
    Turn,
    Up,
    framed,
    up,
)

FLUSH_S: Final = 0.04
"""Facts are passed on this often. Oftener costs every viewer a turn of its loop."""
FACTS_MAX: Final = 20_000
"""Passed on before that when so many wait."""
BACKLOG_MAX: Final = 16 * 1_048_576
"""Bytes that wait for one viewer who does not read; more of them is more memory here."""


class Shown(Protocol):
    """The dashboard, as far as it is passed on."""

    view: ClusterView
    facts: deque[Fact]
    """Heard and not folded yet."""
    acts: Acts
    clockwork: Clockwork | None

    def say(self, notice: str) -> None:
        """One line for a few seconds."""
        ...


class Guest:
    """One viewer."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self._writer = writer

    def tell(self, frame: bytes) -> bool:
        """Whether it keeps up."""
        if self._writer.is_closing():
            return False
        self._writer.write(frame)
        return self._writer.transport.get_write_buffer_size() <= BACKLOG_MAX

    def end(self) -> None:
        """Hang up."""
        self._writer.transport.abort()


class Relay:
    """One for a dashboard."""

    def __init__(self) -> None:
        self._shown: Shown | None = None
        self._guests: dict[Guest, None] = {}
        self._pending: list[Fact] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._state: tuple[int, object] = (0, None)

    @property
    def guests(self) -> int:
        """How many are told what is heard."""
        return len(self._guests)

    def attach(self, shown: Shown) -> None:
        """Whose facts these are. Called before anything is heard."""
        self._shown = shown
        self._keep(asyncio.create_task(self._go_on(), name="page"))

    def through(self, source: Source) -> Source:
        """The same source, which the viewers hear too."""
        return _Heard(source, self)

    def hear(self, fact: Fact) -> None:
        """The dashboard was given a fact."""
        if self._guests:
            self._pending.append(fact)
            if len(self._pending) >= FACTS_MAX:
                self._flush()

    def again(self) -> None:
        """All that was told is void: the dashboard begins anew, and so do the viewers."""
        self._pending.clear()
        self._tell(self._opening())

    def admit(self, end: socket.socket, *, acts: bool) -> None:
        """One more viewer. `acts`: it may do more than look."""
        self._keep(asyncio.create_task(self._host(end, acts=acts), name="viewer"))

    async def stop(self) -> None:
        """Let all viewers go."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
            await asyncio.sleep(0)  # what was hung up is closed in the loop's next turn

    # --- telling ---------------------------------------------------------------------------------

    async def _host(self, end: socket.socket, *, acts: bool) -> None:
        reader, writer = await asyncio.open_unix_connection(sock=end, limit=ASKED_BYTES_MAX)
        guest = Guest(reader, writer)
        try:
            self._flush()  # what waits is part of the view that this one begins with
            guest.tell(framed(self._opening()))
            self._guests[guest] = None
            if acts:
                await self._obey_all(guest)
            else:
                await reader.read(1)  # it has nothing to say: its first byte, or its end, ends it
        except (asyncio.IncompleteReadError, ConnectionError, msgspec.MsgspecError):
            pass
        finally:
            self._guests.pop(guest, None)
            guest.end()

    async def _go_on(self) -> None:
        while True:
            await asyncio.sleep(FLUSH_S)
            if self._guests:
                self._flush()

    def _flush(self) -> None:
        facts, self._pending = self._pending, []
        clockwork = self._clockwork()
        now, simulated = (clockwork.now, clockwork.state()) if clockwork else (0, None)
        if facts or (now, simulated) != self._state:
            self._state = now, simulated
            self._tell(Told(facts, now, simulated))

    def _tell(self, message: Down) -> None:
        if not self._guests:
            return
        frame = framed(message)
        for guest in [guest for guest in self._guests if not guest.tell(frame)]:
            guest.end()
            del self._guests[guest]

    def _opening(self) -> Opening:
        shown, clockwork = self._shown, self._clockwork()
        view = ClusterView()
        if shown is not None:
            # Heard and not folded: folded here too, so that nothing is told twice or left out.
            from tui.fold import fold

            view = fold(shown.view, list(shown.facts))
        state = (clockwork.now, clockwork.state()) if clockwork else (0, None)
        return Opening(keep(view, 0, 0).blob, *state)

    def _clockwork(self) -> Clockwork | None:
        return self._shown.clockwork if self._shown is not None else None

    # --- obeying ---------------------------------------------------------------------------------

    async def _obey_all(self, guest: Guest) -> None:
        while True:
            size = int.from_bytes(await guest.reader.readexactly(4), "big")
            if size > ASKED_BYTES_MAX:
                return
            asked: Up = up.decode(await guest.reader.readexactly(size))
            match asked:
                case Act() as act:
                    self._keep(asyncio.create_task(self._act(guest, act), name="viewer's act"))
                case Turn(action, shown):
                    self._turned(guest, lambda clock, a=action, at=shown: clock.press(a, at))
                case Pace(times):
                    self._turned(guest, lambda clock, x=times: clock.turn(x))

    async def _act(self, guest: Guest, act: Act) -> None:
        shown = self._shown
        try:
            if shown is None:
                raise LabError("nothing is there yet")
            said, refused = await shown.acts.obey(lambda hands: _done(hands, act)), False
            shown.say(f"{said.rstrip('.')}: asked for on the page")
        except LabError as error:
            said, refused = str(error), True
        guest.tell(framed(Answered(act.number, said, refused)))

    def _turned(self, guest: Guest, turn: Callable[[Clockwork], str | None]) -> None:
        clockwork = self._clockwork()
        said = turn(clockwork) if clockwork is not None else None
        if said and self._shown is not None:
            self._shown.say(f"{said}: asked for on the page")
            guest.tell(framed(Said(said)))

    def _keep(self, task: asyncio.Task[None]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class _Heard:
    """A source that viewers hear too."""

    def __init__(self, source: Source, relay: Relay) -> None:
        self._source = source
        self._relay = relay

    async def run(self, take: Take) -> None:
        """Give each fact to `take`, and to the relay."""

        def both(fact: Fact) -> None:
            take(fact)
            self._relay.hear(fact)

        await self._source.run(both)


def _done(hands: Hands, act: Act) -> Awaitable[str]:
    node = NodeId(act.node)
    match act.verb:
        case "kill":
            return hands.kill(node)
        case "start":
            return hands.restart(node)
        case "pause":
            return hands.pause(node)
        case "isolate":
            return hands.isolate(node)
        case "cut":
            a, _, b = act.node.partition(",")
            return hands.cut(NodeId(a), NodeId(b))
        case "partition":
            return hands.partition(tuple(NodeId(name) for name in act.node.split(",")))
        case "heal":
            return hands.heal()
        case "add":
            return hands.add()
        case "undo":
            return hands.undo()
