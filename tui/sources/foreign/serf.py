"""Serf agents, read through their own RPC (`serf agent -rpc-addr`), one connection each.

    serf://HOST:PORT[,HOST:PORT...][?auth=KEY]

Asked: `members` and `stats` of every agent, several times a second; heard: the agent's log, in which
memberlist says whom it suspects, confirms and declares (marked inferred: parsed from text). Nothing
else is sent: `ALLOWED` is all that this module can say to an agent. Members' own agents are looked
for at the same RPC port of their addresses; agents that listen elsewhere have to be named. Protocol:
serf's docs/agent/rpc; header {Command, Seq}, then a body, both msgpack without bin types.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Callable, Iterable
from importlib import import_module
from ipaddress import IPv6Address, ip_address
from time import time_ns
from typing import Any, Final, TypeVar, cast

from msgspec import Struct, ValidationError, convert
from msgspec.msgpack import encode

from cluster.model.facts import ProbeMissed, SuspicionConfirmed, SuspicionRaised, SuspicionRefuted
from cluster.model.member import Address, MemberState, NodeId
from cluster.model.summary import Telling
from tui.sources.foreign.seen import Look, Opinion, Overheard, Row

MSGPACK: Final[Any] = import_module("msgpack")
"""It has no type stubs."""
ALLOWED: Final = frozenset({"handshake", "auth", "members", "stats", "monitor", "stop"})
"""Every command that is ever sent: none of them changes anything."""
PORT: Final = 7373
WITHIN_S: Final = 1.5
"""For one answer; an agent that takes longer is silent in this look."""
RETRY_S: Final = 1.0
"""How long an agent that could not be reached is left alone."""
FRAME_MAX: Final = 8 * 1_048_576
WAITING_MAX: Final = 64
NAME_MAX: Final = 64
AGENTS_MAX: Final = 200
"""Agents that are asked; of more members, the first so many."""
STATES: Final = {
    "alive": MemberState.ALIVE,
    "leaving": MemberState.ALIVE,
    "left": MemberState.LEFT,
    "failed": MemberState.DEAD,
}
_SUSPECT: Final = re.compile(r"memberlist: Suspect (\S+) has failed, no acks received")
_CONFIRMED: Final = re.compile(
    r"memberlist: Marking (\S+) as failed, suspect timeout reached \((\d+)"
)
_MISSED: Final = re.compile(r"memberlist: Failed (?:UDP )?ping: (\S+) \(timeout reached\)")
_REFUTED: Final = re.compile(r"memberlist: Refuting an? (?:suspect|dead) message \(from: (\S+)\)")


class Header(Struct, rename="pascal"):
    """What comes before each answer."""

    seq: int
    error: str = ""


class Log(Struct, rename="pascal"):
    """One line of the log."""

    log: str = ""


class Member(Struct, rename="pascal"):
    """One member, as an agent lists it."""

    name: str
    status: str = ""
    addr: bytes | list[int] = b""
    """Four or sixteen bytes."""
    port: int = 0


class Members(Struct, rename="pascal"):
    """The answer to `members`."""

    members: list[Member] = []


class Stats(Struct):
    """The answer to `stats`, as far as it is read: agents say all numbers as text."""

    agent: dict[str, str] = {}
    serf: dict[str, str] = {}


_Answer = TypeVar("_Answer")


class SerfError(Exception):
    """An agent cannot be read: one sentence."""


class Agent:
    """One agent's RPC, over one connection."""

    def __init__(self, address: Address, key: str, hear: Callable[[Overheard], None]) -> None:
        self.address = address
        self.name = NodeId("")
        self.why = ""
        """Why it cannot be read now; empty when it can."""
        self.retry_at = 0.0
        self._key = key
        self._hear = hear
        self._writer: asyncio.StreamWriter | None = None
        self._reading: asyncio.Task[None] | None = None
        self._seq = 0
        self._waiting: dict[int, tuple[bool, asyncio.Future[object]]] = {}
        self._monitor = -1
        self._turn = asyncio.Lock()

    async def look(self) -> tuple[list[Member], Stats]:
        """(members, stats). Raises SerfError."""
        async with self._turn:
            if self._writer is None:
                await self._open()
            members = await self._ask("members", Members)
            stats = await self._ask("stats", Stats)
        return members.members, stats

    async def _open(self) -> None:
        host, _, port = self.address.rpartition(":")
        try:
            async with asyncio.timeout(WITHIN_S):
                reader, writer = await asyncio.open_connection(host, int(port))
        except (OSError, TimeoutError) as error:
            why = "no answer" if isinstance(error, TimeoutError) else _reason(error)
            raise SerfError(f"no serf agent answers at {self.address} ({why})") from None
        self._writer = writer
        self._reading = asyncio.create_task(self._read(reader), name=f"serf {self.address}")
        await self._order("handshake", {"Version": 1})
        if self._key:
            await self._order("auth", {"AuthKey": self._key})
        self._monitor = self._seq + 1
        await self._order("monitor", {"LogLevel": "DEBUG"})

    async def _order(self, command: str, body: dict[str, object]) -> None:
        """A command that is only acknowledged."""
        await self._say(command, body, answered=False)

    async def _ask(self, command: str, kind: type[_Answer]) -> _Answer:
        """A command that is answered with a body."""
        try:
            return convert(await self._say(command, None, answered=True), kind, strict=False)
        except ValidationError:
            await self.close()
            raise SerfError(f"{self.address} speaks, but not as a serf agent does") from None

    async def _say(self, command: str, body: dict[str, object] | None, *, answered: bool) -> object:
        assert command in ALLOWED, f"{command} is nothing that a reader says"
        writer = self._writer
        if writer is None or len(self._waiting) >= WAITING_MAX:
            raise SerfError(f"the agent at {self.address} hung up")
        self._seq += 1
        answer: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        self._waiting[self._seq] = (answered, answer)
        packed = encode({"Command": command, "Seq": self._seq})
        writer.write(packed + (encode(body) if body is not None else b""))
        try:
            async with asyncio.timeout(WITHIN_S):
                await writer.drain()
                return await answer
        except (TimeoutError, OSError):
            await self.close()
            raise SerfError(f"the agent at {self.address} does not answer") from None

    async def _read(self, reader: asyncio.StreamReader) -> None:
        """Headers and bodies until the connection ends, or until it speaks nonsense."""
        unpacker = _unpacker()
        why = "hung up"
        header: Header | None = None
        try:
            while data := await reader.read(65_536):
                unpacker.feed(data)
                for raw in cast("Iterable[object]", unpacker):
                    thing = texts(raw)
                    if header is None:
                        header = self._headed(thing)
                    else:
                        self._bodied(header, thing)
                        header = None
        except (ValueError, MSGPACK.UnpackException):
            why = "speaks, but not as a serf agent does"
        except OSError:
            pass
        self._hung_up(f"the agent at {self.address} {why}")

    def _headed(self, thing: object) -> Header | None:
        """What to do with a header: kept, if a body follows it."""
        header = convert(thing, Header, strict=False)
        waiting = self._waiting.get(header.seq)
        if waiting is None:
            return header if header.seq == self._monitor and not header.error else None
        answered, answer = waiting
        if header.error:
            del self._waiting[header.seq]
            sentence = f"the agent at {self.address} refused: {header.error}"
            if "auth" in header.error.lower():
                sentence += "; give its key as serf://HOST:PORT?auth=KEY"
            _fail(answer, SerfError(sentence))
            return None
        if answered:
            return header
        del self._waiting[header.seq]
        if not answer.done():
            answer.set_result(None)
        return None

    def _bodied(self, header: Header, body: object) -> None:
        _, answer = self._waiting.pop(header.seq, (True, None))
        if answer is not None:
            if not answer.done():
                answer.set_result(body)
        elif self.name:
            word = overheard(convert(body, Log, strict=False).log, self.name, time_ns() // 1_000)
            if word is not None:
                self._hear(word)

    def _hung_up(self, sentence: str) -> None:
        waiting, self._waiting = list(self._waiting.values()), {}
        for _, answer in waiting:
            _fail(answer, SerfError(sentence))
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.close()

    async def close(self) -> None:
        """Hang up."""
        reading, self._reading = self._reading, None
        self._hung_up(f"the agent at {self.address} was let go")
        if reading is not None and reading is not asyncio.current_task():
            reading.cancel()
            await asyncio.wait([reading])


def _reason(error: OSError) -> str:
    """In the system's words, without asyncio's."""
    return os.strerror(error.errno) if error.errno else error.strerror or str(error)


def _unpacker() -> Any:
    """Of a stream, which msgspec does not read."""
    return MSGPACK.Unpacker(raw=True, strict_map_key=False, max_buffer_size=FRAME_MAX)


def _fail(answer: asyncio.Future[object], error: SerfError) -> None:
    if not answer.done():
        answer.set_exception(error)
        answer.exception()  # it is the asker's to raise; nobody may be there to


def texts(thing: object) -> object:
    """Strings come as raw bytes, and so do addresses: text where it is text."""
    if isinstance(thing, dict):
        found = cast("dict[object, object]", thing)
        return {
            texts(key): value if key == b"Addr" else texts(value) for key, value in found.items()
        }
    if isinstance(thing, list):
        return [texts(each) for each in cast("list[object]", thing)]
    return thing.decode("utf-8", "replace") if isinstance(thing, bytes) else thing


def overheard(line: str, observer: NodeId, at: int) -> Overheard | None:
    """What a line of an agent's log says of a member, if anything: inferred, it is text."""
    if found := _SUSPECT.search(line):
        raised = SuspicionRaised(NodeId(found[1]), 1, 0, observer, "silent", 0)
        return Overheard(at, observer, raised, "inferred")
    if found := _CONFIRMED.search(line):
        confirmed = SuspicionConfirmed(NodeId(found[1]), observer, int(found[2]), 0)
        return Overheard(at, observer, confirmed, "inferred")
    if found := _MISSED.search(line):
        return Overheard(at, observer, ProbeMissed(NodeId(found[1]), 0, ()), "inferred")
    if found := _REFUTED.search(line):
        refuted = SuspicionRefuted(0, MemberState.SUSPECT, NodeId(found[1].split(":")[0]))
        return Overheard(at, observer, refuted, "inferred")
    return None


class Serf:
    """All agents of one cluster that can be reached."""

    name = "serf"

    def __init__(
        self, addresses: list[Address], key: str, hear: Callable[[Overheard], None]
    ) -> None:
        self._key = key
        self._hear = hear
        self._agents = {address: Agent(address, key, hear) for address in addresses}
        self._named = frozenset(addresses)

    async def look(self, every_us: int) -> Look:
        """Ask everybody at once; who does not answer is silent in this look."""
        loop = asyncio.get_running_loop()
        due = [a for a in self._agents.values() if not a.why or loop.time() >= a.retry_at]
        answers = await asyncio.gather(*(a.look() for a in due), return_exceptions=True)
        at = time_ns() // 1_000
        rows: dict[NodeId, Row] = {}
        for agent, answer in zip(due, answers, strict=True):
            if isinstance(answer, BaseException):
                if not isinstance(answer, SerfError):
                    raise answer
                agent.why, agent.retry_at = str(answer), loop.time() + RETRY_S
                continue
            agent.why = ""
            row = _row(agent, *answer)
            if row is not None:
                agent.name = row.name
                rows[row.name] = row
                self._learn(row)
        silent = {a.name or NodeId(a.address): a.why for a in self._agents.values() if a.why}
        unheard = {n: why for n, why in silent.items() if n not in rows}
        return Look(at, every_us, rows, unheard, Telling("Serf", every_us))

    def _learn(self, row: Row) -> None:
        """Agents of members seen, at the RPC port of whoever was asked."""
        port = row.window.rpartition(":")[2]
        for opinion in row.opinions.values():
            host = opinion.address.rpartition(":")[0]
            address = Address(f"{host}:{port}")
            known = len(self._agents) >= AGENTS_MAX or address in self._agents
            if host and not known and not host.startswith("127."):
                self._agents[address] = Agent(address, self._key, self._hear)

    @property
    def trouble(self) -> str:
        """Why none of the agents that were named can be read; empty when one can."""
        named = [self._agents[address] for address in sorted(self._named)]
        return named[0].why if all(agent.why for agent in named) else ""

    async def close(self) -> None:
        """Hang up everywhere."""
        await asyncio.gather(*(agent.close() for agent in self._agents.values()))


def _row(agent: Agent, members: list[Member], stats: Stats) -> Row | None:
    own = stats.agent.get("name", "")
    if not own:
        return None
    opinions: dict[NodeId, Opinion] = {}
    for member in members:
        state = STATES.get(member.status)
        if state is not None and member.name:
            opinions[NodeId(member.name[:NAME_MAX])] = Opinion(state, _where(member))
    score = stats.serf.get("health_score", "0")
    return Row(
        name=NodeId(own[:NAME_MAX]),
        opinions=opinions,
        window=agent.address,
        engine="serf",
        health=int(score) if score.isdigit() else 0,
    )


def _where(member: Member) -> Address:
    """Its gossip address, for people."""
    raw = bytes(b & 255 for b in member.addr)
    if len(raw) not in (4, 16):
        return Address("")
    found = ip_address(raw)
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return Address(f"{mapped or found}:{member.port}")
