"""Which traced messages are seen in flight now, and how far along: pure, from view and time.

On one machine a message arrives within a millisecond, which nobody can see, so every flight is
stretched to `FLIGHT_US` from its real start (and the screen says so). A message whose arrival has
not been reported by `DOUBT` of its stretched flight is drawn as lost: it stops there, with a cross.

A busy cluster traces hundreds a second. What is drawn is a sample, chosen without memory so that
any moment of a recording can be drawn on its own: each message has a fixed lot, and is drawn when
its lot is under a bar that depends on how many of its family fly. Because lots are fixed and the
bar moves slowly, nothing vanishes in mid-flight. Totals are not taken from here; those are the
pulses' exact numbers.
"""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from typing import Final, Literal
from zlib import crc32

from msgspec import Struct

from cluster.model.member import NodeId
from tui.view import ClusterView, Message, MessageId

FLIGHT_US: Final = 600_000
LINGER_US: Final = 700_000
"""How long the cross of a lost message stays."""
MIXED_US: Final = 500_000
"""Facts of different nodes may come so much out of order."""
DOUBT: Final = 0.62
TALLY_US: Final = 1_000_000
SEEN: Final[dict[Family, int]] = {"probe": 6, "gossip": 5, "data": 9, "repair": 6}
"""About how many of each family are drawn at once in a large picture."""

Family = Literal["probe", "gossip", "data", "repair"]
FAMILIES: Final[tuple[Family, ...]] = ("probe", "gossip", "data", "repair")
_FAMILY: Final[dict[str, Family]] = {
    "ping": "probe",
    "ack": "probe",
    "pingreq": "probe",
    "gossip": "gossip",
    "pushpull": "gossip",
    "hello": "gossip",
    "fetch": "repair",
    "fetchpage": "repair",
    "treeroots": "repair",
    "treeleaves": "repair",
    "leafkeys": "repair",
    "leafrecords": "repair",
    "leafpush": "repair",
    "hintwrite": "repair",
    "herald": "probe",
    "heed": "probe",
    "solicit": "gossip",
    "vote": "gossip",
    "survey": "repair",
    "surveypage": "repair",
}


class Flight(Struct, frozen=True):
    """One message as seen now."""

    message: Message
    family: Family
    progress: float
    """0 at its sender, 1 at its receiver; a lost one stops at `DOUBT`."""
    lost: bool


class Rate(Struct, frozen=True):
    """How many messages of one family all nodes together send each second."""

    family: Family
    per_second: float


def family_of(kind: str) -> Family:
    """The family a message kind is drawn as. What is neither gossip, probe nor copy is data."""
    return _FAMILY.get(kind, "data")


def flights(view: ClusterView, now: int, room: float = 1.0) -> list[Flight]:
    """What is drawn now, oldest first. A picture with less `room` (1: large) draws fewer."""
    recent = _recent(view, now)
    if not recent:
        return []
    span = max(FLIGHT_US, max(age for _, _, age in recent))
    flying: Counter[Family] = Counter(family for _, family, _ in recent)
    bars: dict[Family, float] = {
        family: SEEN[family] * room * span / (count * FLIGHT_US) for family, count in flying.items()
    }
    seen: list[Flight] = []
    for message, family, age in recent:
        if bars[family] >= 1.0 or _lot(message.id) < bars[family]:
            flight = _flight(message, family, age)
            if flight is not None:
                seen.append(flight)
    return seen


def _recent(view: ClusterView, now: int) -> list[tuple[Message, Family, int]]:
    """Messages young enough to be seen, oldest first, with their family and age."""
    recent: list[tuple[Message, Family, int]] = []
    for message in reversed(view.messages.values()):
        age = now - message.sent_at
        if 0 <= age <= FLIGHT_US + LINGER_US:
            recent.append((message, family_of(message.kind), age))
        elif age > FLIGHT_US + LINGER_US + MIXED_US:
            break
    recent.reverse()
    return recent


class Tally(Struct, frozen=True):
    """What two nodes said to each other in one second, for pictures in which nothing moves."""

    one: NodeId
    other: NodeId
    """Behind `one` by name."""
    sent: int
    """Traced messages, both ways."""
    lost: tuple[tuple[NodeId, int], ...] = ()
    """To whom how many have not arrived."""


def tallies(view: ClusterView, now: int) -> list[Tally]:
    """Of the last whole second that is over, most said first. Stands still until the next is."""
    end = now // TALLY_US * TALLY_US
    sent: Counter[tuple[NodeId, NodeId]] = Counter()
    lost: Counter[tuple[NodeId, NodeId]] = Counter()
    for message in reversed(view.messages.values()):
        if message.sent_at < end - TALLY_US - MIXED_US:
            break
        way = message.id[0], message.to
        if end - TALLY_US <= message.sent_at < end and way[0] != way[1]:
            sent[way] += 1
            lost[way] += not message.received_at and now - message.sent_at > FLIGHT_US * DOUBT
    pairs = sorted({(min(way), max(way)) for way in sent})
    found = [
        Tally(
            one,
            other,
            sent[one, other] + sent[other, one],
            tuple(
                (to, n)
                for way in ((other, one), (one, other))
                if (n := lost[way])
                for to in way[1:]
            ),
        )
        for one, other in pairs
    ]
    return sorted(found, key=lambda tally: -tally.sent)


def in_flight(view: ClusterView, now: int) -> bool:
    """Whether anything may be moving, so that the picture must be painted again."""
    latest = next(reversed(view.messages.values()), None)
    return latest is not None and now - latest.sent_at <= FLIGHT_US + LINGER_US


@lru_cache(maxsize=4_096)
def _lot(message: MessageId) -> float:
    """A number between 0 and 1 that belongs to one message, the same in every process."""
    sender, epoch, number = message
    return crc32(f"{sender}/{epoch}/{number}".encode()) / 0xFFFFFFFF


def _flight(message: Message, family: Family, age: int) -> Flight | None:
    real = message.received_at - message.sent_at if message.received_at else 0
    progress = age / max(FLIGHT_US, real)
    if message.received_at:
        return Flight(message, family, progress, lost=False) if progress <= 1.0 else None
    if progress <= DOUBT:
        return Flight(message, family, progress, lost=False)
    if age <= FLIGHT_US + LINGER_US:
        return Flight(message, family, DOUBT, lost=True)
    return None


def rates(view: ClusterView, span_us: int = 1_000_000) -> list[Rate]:
    """Messages sent per second by family, from the last pulses of every node still heard."""
    totals = dict.fromkeys(FAMILIES, 0.0)
    for node in view.nodes.values():
        if not node.samples or not node.connected:
            continue
        latest = node.samples[-1].at
        recent = [sample for sample in node.samples[-8:] if latest - sample.at < span_us]
        interval = sum(sample.interval_us for sample in recent)
        if not interval:
            continue
        for sample in recent:
            for kind, count in sample.sent.items():
                totals[family_of(kind)] += count * 1_000_000 / interval
    return [Rate(family, totals[family]) for family in FAMILIES]


def losses(view: ClusterView, now: int, span_us: int = 3_000_000) -> list[tuple[NodeId, int]]:
    """Per target, how many traced messages of the last seconds have not arrived; most first."""
    counts = Counter(
        message.to
        for message in view.messages.values()
        if not message.received_at and FLIGHT_US * DOUBT < now - message.sent_at < span_us
    )
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))
