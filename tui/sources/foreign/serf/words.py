"""What is said to a Serf agent and what it says: bytes to values, log lines to facts. Pure.

Protocol: serf's docs/agent/rpc; a header {Command, Seq}, then a body, both msgpack without bin types.
`ALLOWED` is all that is ever said. Whatever arrives is nonsense (`NonsenseError`, nothing else) or within
the limits below: lengths, depth, members, names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from importlib import import_module
from ipaddress import IPv6Address, ip_address
from typing import Any, Final, TypeVar, cast

from msgspec import Struct, ValidationError, convert

from cluster.model.facts import ProbeMissed, SuspicionConfirmed, SuspicionRaised, SuspicionRefuted
from cluster.model.member import Address, MemberState, NodeId
from tui.sources.foreign.seen import Opinion, Overheard, Row
from tui.sources.foreign.serf.coordinates import Coordinate

MSGPACK: Final[Any] = import_module("msgpack")
"""It has no type stubs."""
ALLOWED: Final = frozenset(
    {"handshake", "auth", "members", "stats", "get-coordinate", "monitor", "stop"}
)
"""Every command that is ever sent: none of them changes anything."""
FRAME_MAX: Final = 8 * 1_048_576
TEXT_MAX: Final = 65_536
ITEMS_MAX: Final = 10_000
"""In one list or map."""
DEPTH_MAX: Final = 8
"""Members' tags, the deepest there is, lie four deep."""
NAME_MAX: Final = 64
MEMBERS_MAX: Final = 5_000
WAITING_MAX: Final = 64
STATES: Final = {
    "alive": MemberState.ALIVE,
    "leaving": MemberState.ALIVE,
    "left": MemberState.LEFT,
    "failed": MemberState.DEAD,
}
QUEUES: Final = ("event_queue", "intent_queue", "query_queue")
_SUSPECT: Final = re.compile(r"memberlist: Suspect (\S{1,64}) has failed, no acks received")
_CONFIRMED: Final = re.compile(
    r"memberlist: Marking (\S{1,64}) as failed, suspect timeout reached \((\d{1,6}) ", re.ASCII
)
_MISSED: Final = re.compile(r"memberlist: Failed (?:UDP )?ping: (\S{1,64}) \(timeout reached\)")
_REFUTED: Final = re.compile(
    r"memberlist: Refuting an? (?:suspect|dead) message \(from: ([^\s:)]{1,64})"
)


class NonsenseError(Exception):
    """Bytes that no serf agent says."""


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
    runtime: dict[str, str] = {}


class Place(Struct, rename="pascal"):
    """The answer to `get-coordinate`."""

    ok: bool = False
    coord: Coordinate | None = None


class Answer(Struct, frozen=True):
    """What came back for one question."""

    seq: int
    error: str = ""
    body: object = None
    """None: it was only acknowledged."""


_Kind = TypeVar("_Kind")


def read(body: object, kind: type[_Kind]) -> _Kind:
    """A body as what it should be. Raises NonsenseError."""
    try:
        return convert(body, kind, strict=False)
    except ValidationError:
        raise NonsenseError from None


class Conversation:
    """Bytes of one connection, as answers to what was asked."""

    def __init__(self) -> None:
        self._unpacker: Any = MSGPACK.Unpacker(
            raw=True,
            max_buffer_size=FRAME_MAX,
            max_str_len=TEXT_MAX,
            max_bin_len=TEXT_MAX,
            max_array_len=ITEMS_MAX,
            max_map_len=ITEMS_MAX,
            max_ext_len=0,
        )
        self._waiting: dict[int, bool] = {}
        self._streams: set[int] = set()
        self._header: Header | None = None

    def expect(self, seq: int, *, answered: bool, streams: bool = False) -> None:
        """A question was asked: a body will follow its header, or only the header comes. A stream goes on
        with a body for each thing it tells.
        """
        assert len(self._waiting) < WAITING_MAX
        self._waiting[seq] = answered
        if streams:
            self._streams.add(seq)

    def feed(self, data: bytes) -> list[Answer]:
        """All that is whole now. Raises NonsenseError."""
        found: list[Answer] = []
        try:
            self._unpacker.feed(data)
            for raw in cast("Iterable[object]", self._unpacker):
                answer = self._one(texts(raw))
                if answer is not None:
                    found.append(answer)
        except (ValueError, MSGPACK.UnpackException):
            raise NonsenseError from None
        return found

    def _one(self, thing: object) -> Answer | None:
        header = self._header
        if header is not None:
            self._header = None
            return Answer(header.seq, "", thing)
        header = read(thing, Header)
        answered = self._waiting.pop(header.seq, None)
        if answered is None and header.seq not in self._streams:
            raise NonsenseError
        if header.error:
            self._streams.discard(header.seq)
            return Answer(header.seq, header.error[:200])
        if answered is False:
            return Answer(header.seq)
        self._header = header
        return None


def texts(thing: object, depth: int = 0) -> object:
    """Strings come as raw bytes, and so do addresses: text where it is text. Raises NonsenseError."""
    if depth > DEPTH_MAX:
        raise NonsenseError
    if isinstance(thing, dict):
        found = cast("dict[object, object]", thing)
        return {
            texts(key): value if key == b"Addr" else texts(value, depth + 1)
            for key, value in found.items()
        }
    if isinstance(thing, list):
        return [texts(each, depth + 1) for each in cast("list[object]", thing)]
    return thing.decode("utf-8", "replace") if isinstance(thing, bytes) else thing


def overheard(line: str, observer: NodeId, at: int) -> Overheard | None:
    """What a line of an agent's log says of a member, if anything: inferred, it is text."""
    if found := _SUSPECT.search(line):
        raised = SuspicionRaised(_named(found[1]), 1, 0, observer, "silent", 0)
        return Overheard(at, observer, raised, "inferred")
    if found := _CONFIRMED.search(line):
        confirmed = SuspicionConfirmed(_named(found[1]), observer, int(found[2]), 0)
        return Overheard(at, observer, confirmed, "inferred")
    if found := _MISSED.search(line):
        return Overheard(at, observer, ProbeMissed(_named(found[1]), 0, ()), "inferred")
    if found := _REFUTED.search(line):
        refuted = SuspicionRefuted(0, MemberState.SUSPECT, _named(found[1]))
        return Overheard(at, observer, refuted, "inferred")
    return None


def row_of(members: list[Member], stats: Stats, window: Address) -> Row | None:
    """What one agent holds of everybody; None: it does not say who it is."""
    own = stats.agent.get("name", "")
    if not own:
        return None
    opinions: dict[NodeId, Opinion] = {}
    for member in members[:MEMBERS_MAX]:
        state = STATES.get(member.status)
        if state is not None and member.name:
            opinions[_named(member.name)] = Opinion(state, _where(member))
    health = _count(stats.serf, "health_score")
    extras = (
        ("health score", f"{health}"),
        ("messages queued", f"{sum(_count(stats.serf, queue) for queue in QUEUES)}"),
        ("goroutines", f"{_count(stats.runtime, 'goroutines')}"),
    )
    return Row(
        name=_named(own),
        opinions=opinions,
        window=window,
        engine="serf",
        health=health,
        extras=extras,
    )


def _named(name: str) -> NodeId:
    """A name that can be drawn in a terminal."""
    return NodeId("".join(c if " " < c <= "~" else "?" for c in name[:NAME_MAX]))


def _count(said: dict[str, str], what: str) -> int:
    figure = said.get(what, "")
    return int(figure) if figure.isascii() and figure.isdigit() and len(figure) < 10 else 0


def _where(member: Member) -> Address:
    """Its gossip address, for people."""
    raw = bytes(b & 255 for b in member.addr[:17])
    if len(raw) not in (4, 16) or not 0 < member.port < 65_536:
        return Address("")
    found = ip_address(raw)
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    if isinstance(found, IPv6Address) and mapped is None:
        return Address(f"[{found}]:{member.port}")
    return Address(f"{mapped or found}:{member.port}")
