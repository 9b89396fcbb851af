"""Facts of a running cluster, from every window that can be found.

Starts from any window, learns the others from what the nodes say of each other, and follows each
over its own WebSocket. A lost connection is tried again, soon and then less often, and resumes
after the last fact known, so that nothing is missed or counted twice. What only the observer can
know it says itself, as facts of the node "observer": a window closed, facts dropped for want of
room. A paused process keeps its socket: its silence shows as age, not as a loss.

aiohttp is imported when the first connection is made: a dashboard paints before that.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from contextlib import aclosing, suppress
from time import time_ns
from typing import TYPE_CHECKING, Final

import msgspec

from cluster.api.reading import read_facts
from cluster.model.facts import (
    Fact,
    FactsLost,
    MemberChanged,
    Payload,
    ProcessObserved,
    PulseReported,
    SnapshotTaken,
    WindowClosed,
)
from cluster.model.member import Address, Claim, MemberState, NodeId
from tui.fold import fold
from tui.view import OBSERVER, ClusterView

if TYPE_CHECKING:
    from aiohttp import ClientSession

RETRY_FIRST_S: Final = 0.05
RETRY_LAST_S: Final = 1.0
CONNECT_S: Final = 3.0
SILENCE_S: Final = 10.0
"""A connection silent for this long is doubted: if its window answers anew, it is opened again."""
FACTS_MAX: Final = 200_000
"""Facts kept for a reader who does not come; then they are dropped, said, and asked for anew."""
LINES_MAX: Final = 256
MESSAGE_BYTES_MAX: Final = 64 * 1_048_576
CLOSES_WITHIN_S: Final = 0.5

Take = Callable[[Fact], None]
Now = Callable[[], int]


def wall() -> int:
    """Microseconds since 1970."""
    return time_ns() // 1_000


class Line:
    """One window: who answers there, and what is known of its facts."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self.name: NodeId | None = None
        self.known: tuple[int, int] | None = None
        """(epoch, seq) of its last fact: where to resume."""
        self.open = False
        self.refused = ""
        """Why the last try failed; empty when it did not."""
        self.task: asyncio.Task[None] | None = None
        self.wake = asyncio.Event()
        """Set when somebody says that its node is there again: no use in waiting longer."""


class LiveSource:
    """All windows of one cluster. `run` pushes facts; or `start` and `drain` them."""

    def __init__(self, windows: Sequence[Address] = (), now: Now = wall) -> None:
        self._now = now
        self._epoch = now()
        self._seq = 0
        self._take: Take | None = None
        self._buffer: deque[Fact] = deque()
        self._news = asyncio.Event()
        self._session: ClientSession | None = None
        self._following = False
        self._lines: dict[Address, Line] = {}
        self._homes: dict[NodeId, tuple[int, Address]] = {}
        """Per node: in which epoch it said where its window is, and where."""
        for window in windows:
            self._add(window)

    # --- the reader's side ------------------------------------------------------------------------

    async def run(self, take: Take) -> None:
        """Give each fact to `take` until cancelled."""
        self._take = take
        while self._buffer:
            take(self._buffer.popleft())
        self.start()
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            await self.close()

    def start(self) -> None:
        """Begin to follow the windows known so far, and those that they tell of."""
        self._following = True
        for line in self._lines.values():
            self._follow(line)

    def drain(self) -> list[Fact]:
        """All facts since the last call, in the order of their arrival."""
        facts = list(self._buffer)
        self._buffer.clear()
        self._news.clear()
        return facts

    async def wait(self, within_s: float) -> bool:
        """Whether there is something to drain, within a time."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await self._news.wait()
        return bool(self._buffer)

    def add(self, windows: Iterable[Address]) -> None:
        """More windows to follow."""
        for window in windows:
            self._add(window)

    def notice(self, fact: Fact) -> None:
        """Learn of windows from somebody else's fact, e.g. what a lab sees of its processes."""
        payload = fact.payload
        if isinstance(payload, ProcessObserved) and payload.state == "running" and payload.window:
            self._add(payload.window)
            self._wake(payload.window)
            self._drop_old_homes(payload.subject, payload.window)

    def lines(self) -> tuple[Line, ...]:
        """The windows followed."""
        return tuple(self._lines.values())

    def elsewhere(self, line: Line) -> bool:
        """Whether this line's node is followed at another address."""
        others = (other for other in self._lines.values() if other is not line and other.open)
        return line.name is not None and any(other.name == line.name for other in others)

    async def close(self) -> None:
        """Hang up everywhere, soon."""
        self._following = False
        tasks = [line.task for line in self._lines.values() if line.task is not None]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=CLOSES_WITHIN_S)
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    # --- facts --------------------------------------------------------------------------------------

    def _give(self, fact: Fact) -> None:
        if self._take is not None:
            self._take(fact)
            return
        self._buffer.append(fact)
        self._news.set()
        if len(self._buffer) > FACTS_MAX:
            self._overflow()

    def _overflow(self) -> None:
        """Nobody drains: drop what there is, say so, and ask every node for a new snapshot."""
        count = len(self._buffer)
        self._buffer.clear()
        for line in self._lines.values():
            line.known = None
            if line.task is not None and line.open:
                line.task.cancel()
                line.task = None
                self._follow(line)
        self._say(FactsLost(count))

    def _say(self, payload: Payload) -> None:
        self._seq += 1
        at = self._now()
        self._give(Fact(OBSERVER, self._epoch, self._seq, at, at, payload, (), "inferred"))

    def _arrived(self, line: Line, facts: list[Fact]) -> None:
        for fact in facts:
            if fact.node != line.name:
                self._introduced(line, fact.node)
            line.known = (fact.epoch, fact.seq)
            self._give(fact)
            payload = fact.payload
            if isinstance(payload, SnapshotTaken):
                for fate in payload.members:
                    self._told(fate.claim)
            elif isinstance(payload, MemberChanged):
                self._told(payload.claim)

    def _introduced(self, line: Line, name: NodeId) -> None:
        """The line's node said its name. Two addresses of one node need but one line."""
        line.name = name
        if self.elsewhere(line):
            raise _SameNodeError

    def _told(self, claim: Claim) -> None:
        """Somebody said where a node's window is."""
        home = self._homes.get(claim.name)
        if not claim.window or claim.state is MemberState.LEFT:
            return
        if claim.state is MemberState.ALIVE:
            self._wake(claim.window)
        if home is not None and (home[0] >= claim.epoch or home[1] == claim.window):
            return
        self._homes[claim.name] = (claim.epoch, claim.window)
        if any(line.name == claim.name and line.open for line in self._lines.values()):
            return
        self._add(claim.window)
        self._drop_old_homes(claim.name, claim.window)

    # --- lines --------------------------------------------------------------------------------------

    def _add(self, address: Address) -> None:
        if address in self._lines or len(self._lines) >= LINES_MAX:
            return
        line = self._lines[address] = Line(address)
        if self._following:
            self._follow(line)

    def _wake(self, address: Address) -> None:
        line = self._lines.get(address)
        if line is not None and not line.open:
            line.wake.set()

    def _drop_old_homes(self, name: NodeId, home: Address) -> None:
        """A node that moved is not to be found where it was."""
        for address, line in list(self._lines.items()):
            if line.name == name and address != home and not line.open:
                if line.task is not None:
                    line.task.cancel()
                del self._lines[address]

    def _follow(self, line: Line) -> None:
        if line.task is None or line.task.done():
            line.task = asyncio.create_task(self._keep_open(line), name=f"facts {line.address}")

    async def _keep_open(self, line: Line) -> None:
        """Connect, read until it ends, try again."""
        from aiohttp import ClientError

        wait = RETRY_FIRST_S
        while True:
            if self.elsewhere(line):
                await asyncio.sleep(RETRY_LAST_S)
                continue
            told = False
            try:
                async with aclosing(self._read(line)) as batches:
                    async for facts in batches:
                        self._arrived(line, facts)
                        told = line.open = True
                        line.refused, wait = "", RETRY_FIRST_S
                line.refused = "it closed the connection"
            except _SameNodeError:
                line.refused = "the same node is followed at another address"
            except msgspec.MsgspecError as error:
                line.refused, wait = f"it does not speak in facts: {error}", RETRY_LAST_S
            except (ClientError, OSError, TimeoutError) as error:
                line.refused = str(error) or type(error).__name__
            finally:
                line.open = False
            if told and line.name is not None:
                self._say(WindowClosed(line.name))
            wait = await _patience(line, wait)

    async def _read(self, line: Line) -> AsyncGenerator[list[Fact]]:
        """What one connection says, until it ends."""
        from aiohttp import WSMsgType

        query = f"?since={line.known[0]}.{line.known[1]}" if line.known else ""
        async with asyncio.timeout(CONNECT_S):
            socket = await self._client().ws_connect(
                f"http://{line.address}/facts{query}", max_msg_size=MESSAGE_BYTES_MAX
            )
        try:
            while True:
                try:
                    message = await socket.receive(timeout=SILENCE_S)
                except TimeoutError:
                    if await self._answers(line):
                        return
                    continue
                if message.type is not WSMsgType.BINARY:
                    return
                yield read_facts(message.data)
        finally:
            with suppress(TimeoutError):
                async with asyncio.timeout(CLOSES_WITHIN_S / 2):
                    await socket.close()

    async def _answers(self, line: Line) -> bool:
        """Whether a silent window answers a new question: then its old connection is stale."""
        from aiohttp import ClientError, ClientTimeout

        try:
            url = f"http://{line.address}/healthz"
            async with self._client().get(url, timeout=ClientTimeout(total=CONNECT_S)) as answer:
                return answer.status == 200
        except (ClientError, OSError, TimeoutError):
            return False

    def _client(self) -> ClientSession:
        if self._session is None:
            from aiohttp import ClientSession, TCPConnector

            self._session = ClientSession(connector=TCPConnector(limit=0))
        return self._session


async def _patience(line: Line, wait: float) -> float:
    """Wait before the next try, unless woken; returns how long to wait the time after."""
    line.wake.clear()
    try:
        async with asyncio.timeout(wait):
            await line.wake.wait()
    except TimeoutError:
        return min(RETRY_LAST_S, wait * 1.6)
    return RETRY_FIRST_S


class _SameNodeError(Exception):
    """This window belongs to a node that is followed already."""


class Look(msgspec.Struct, frozen=True):
    """One look at a cluster."""

    view: ClusterView
    at: int
    unreachable: tuple[Address, ...]
    """Windows that were known and did not answer."""


async def snapshot_of(
    windows: Sequence[Address], *, within_s: float = 2.0, pulses: bool = True, now: Now = wall
) -> Look:
    """Connect everywhere, fold every node's snapshot (and its first pulse), hang up.

    Ends as soon as every window that is known has spoken or refused.
    """
    source = LiveSource(windows, now)
    view = ClusterView()
    pulsed: set[NodeId] = set()
    deadline = asyncio.get_running_loop().time() + within_s
    source.start()
    try:
        while (left := deadline - asyncio.get_running_loop().time()) > 0:
            await source.wait(min(left, 0.1))
            facts = source.drain()
            view = fold(view, facts)
            pulsed |= {fact.node for fact in facts if isinstance(fact.payload, PulseReported)}
            if all(_settled(line, pulsed, pulses=pulses) for line in source.lines()):
                break
        silent = tuple(
            line.address for line in source.lines() if not line.open and not source.elsewhere(line)
        )
    finally:
        await source.close()
    return Look(view, now(), silent)


def _settled(line: Line, pulsed: set[NodeId], *, pulses: bool) -> bool:
    if not line.open:
        return bool(line.refused)
    return line.name is not None and (not pulses or line.name in pulsed)
