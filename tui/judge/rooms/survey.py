"""All rooms in a sentence: each runs once, or what is wrong with how many.

A name that runs twice, rooms given up, rooms that nobody serves, the rooms of a node that died on
their way back. Looks at single rooms only where something may be odd, so that ten thousand that
are well cost nothing. Ignores single events (`tui.judge.rooms.phrases`).
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

from msgspec import Struct

from cluster.model.member import NodeId
from cluster.model.ring import partition_of
from cluster.model.rooms.naming import room_key
from tui.judge.agreement import Agreement, agreement, sides
from tui.judge.exposure import common_ring, serves
from tui.judge.memo import Memo
from tui.judge.rooms.lanes import counting, runs
from tui.judge.tale import Clause
from tui.judge.wording import Tone, counted, listed, seconds
from tui.seen.rooms import Place, Recovery, RoomView
from tui.view import ClusterView

WAITS_US: Final = 1_500_000
"""A room that has had no process for this long is worth a word (a restart takes milliseconds)."""
TOO_LONG_US: Final = 4_000_000
"""And for this long it is bad: the bound for rooms of a node that was killed (demo profile)."""
NEWS_US: Final = 10_000_000
"""How long the end of a recovery is news."""
GIVEN_UP_US: Final = 60_000_000
"""A recovery that has not ended by then is told by the rooms that still wait, if there are any."""
NAMED_MAX: Final = 2
_TONES: Final[tuple[Tone, ...]] = ("plain", "good", "warn", "bad")


class Survey(Struct, frozen=True):
    """What is odd about rooms now."""

    total: int
    nodes: int
    """How many nodes run some."""
    twice: tuple[RoomView, ...] = ()
    """Served by two nodes that can be heard."""
    failed: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    """Served by nobody."""
    waited_us: int = 0
    """The longest of these."""

    @property
    def well(self) -> bool:
        """Each runs exactly once."""
        return not (self.twice or self.failed or self.waiting)


_SURVEYS: Final = Memo[Survey](8)


def survey(view: ClusterView, now: int) -> Survey:
    """How all rooms stand. Asked several times for one frame, worked out once."""
    return _SURVEYS.get(view, now, lambda: _survey(view, now, agreement(view, now)))


def _survey(view: ClusterView, now: int, judged: Agreement) -> Survey:
    rooms = view.rooms
    alive = counting(view, now, judged)
    down = {name for name, counts in alive.items() if rooms.held[name] and not counts}
    down |= {n for n in alive if n not in down and _lived_before(view, n)}
    suspects = (
        [r for r in rooms.by_name.values() if r.name in rooms.odd or _any_of(r, down)]
        if down
        else [rooms.by_name[name] for name in rooms.odd]
    )
    twice: list[RoomView] = []
    failed: list[str] = []
    waiting: list[str] = []
    longest = 0
    for room in suspects:
        state = _state(view, room, alive)
        if state == "twice":
            twice.append(room)
        elif state == "failed":
            failed.append(room.name)
        elif state == "nowhere":
            waiting.append(room.name)
            longest = max(longest, now - _since(view, room, alive))
    running = sum(1 for name, count in rooms.held.items() if count and alive.get(name))
    return Survey(len(rooms.by_name), running, tuple(twice), tuple(failed), tuple(waiting), longest)


def _lived_before(view: ClusterView, name: NodeId) -> bool:
    """Whether a node's rooms may be of an earlier life: it was killed and is back."""
    row = view.nodes.get(name)
    recoveries = view.rooms.recoveries
    return row is not None and any(r.node == name and r.epoch < row.epoch for r in recoveries)


def _any_of(room: RoomView, nodes: set[NodeId]) -> bool:
    return any(place.node in nodes for place in room.places)


def _state(
    view: ClusterView, room: RoomView, alive: dict[NodeId, bool]
) -> Literal["well", "twice", "failed", "nowhere"]:
    serving = failed = 0
    for place in room.places:
        if place.state == "failed":
            failed += 1
        elif place.state == "serving" and runs(view, place, alive):
            serving += 1
    if serving > 1:
        return "twice"
    if serving:
        return "well"
    return "failed" if failed else "nowhere"


def _since(view: ClusterView, room: RoomView, alive: dict[NodeId, bool]) -> int:
    """Since when nobody serves it."""
    since = room.since
    for place in room.places:
        since = max(since, place.since if place.state != "serving" else _ended(view, place, alive))
        fell = [
            r.began for r in view.rooms.recoveries
            if r.node == place.node and r.epoch == place.epoch
        ]  # fmt: skip
        since = max(since, *fell, 0)
    return since


def _ended(view: ClusterView, place: Place, alive: dict[NodeId, bool]) -> int:
    """When a place's process stopped, as far as anyone saw: it served until then."""
    node = view.nodes.get(place.node)
    if node is None or node.epoch != place.epoch or alive.get(place.node, False):
        return 0
    if node.process in ("gone", "paused") and node.process_since:
        return node.process_since
    return node.reported_at


class Home(NamedTuple):
    """Where a room belongs."""

    partition: int
    partitions: int
    node: NodeId
    """The best owner that serves."""


def home_of(view: ClusterView, room: str, now: int) -> Home | None:
    """Where the ring in use says that a room belongs; None while there is none."""
    ring = common_ring(view.nodes, now)
    if ring is None:
        return None
    partition = partition_of(room_key(room), ring.partitions)
    judged = agreement(view, now)
    owners = [ring.members[index] for index in ring.owners[partition]]
    there = [n for n in owners if n in view.nodes and serves(view.nodes[n], judged)]
    return Home(partition, ring.partitions, (there or owners)[0])


# --- in words ------------------------------------------------------------------------------------


def with_rooms(
    view: ClusterView, now: int, tone: Tone, clauses: list[Clause]
) -> tuple[Tone, list[Clause]]:
    """A verdict with its word about rooms: what is wrong with them follows the main thing; that
    all are well comes last where something else is not."""
    said = told_rooms(view, now)
    if not said:
        well = _all_well(view, now)
        return tone, [*clauses[:1], *well, *clauses[1:]] if tone == "good" else clauses + well
    rooms = [clause for _, clause in said]
    worst: Tone = max([tone, *(each for each, _ in said)], key=_TONES.index)
    return worst, [*clauses[:1], *rooms, *clauses[1:]]


def told_rooms(view: ClusterView, now: int) -> list[tuple[Tone, Clause]]:
    """News about rooms, worst first: what is wrong, and how a dead node's rooms come back."""
    if not view.rooms.by_name:
        return []
    found = survey(view, now)
    said: list[tuple[Tone, Clause]] = []
    if found.failed:
        said.append(("bad", _given_up(found)))
    if found.twice:
        said.append(_twice(view, now, found))
    recovery = None if sides(view, now) else _latest(view, now)
    if recovery is not None and not recovery.ended:
        said.append(("warn", _coming(recovery)))
    elif found.waiting and found.waited_us >= WAITS_US:
        said.append(_waiting(found))
    if said:
        return said
    return [("good", _came(recovery))] if recovery is not None else []


def _all_well(view: ClusterView, now: int) -> list[Clause]:
    """That each runs once, if it is so."""
    found = survey(view, now)
    if not found.total or not found.well:
        return []
    many = counted(found.total, "room")
    once = "it runs once" if found.total == 1 else "each runs once"
    return [Clause(f"{many}, {once}.", f"{many}, {once}")]


def _latest(view: ClusterView, now: int) -> Recovery | None:
    """The latest death whose rooms are news: on their way, or just back."""
    for recovery in reversed(view.rooms.recoveries):
        if recovery.ended:
            whole = len(recovery.times) >= recovery.rooms
            if whole and 0 <= now - recovery.ended < NEWS_US:
                return recovery
        elif now - recovery.began < GIVEN_UP_US:
            return recovery
    return None


def _given_up(found: Survey) -> Clause:
    names = ", ".join(found.failed[:NAMED_MAX])
    if len(found.failed) > NAMED_MAX:
        names = f"{len(found.failed):,} rooms"
    verb = "is" if len(found.failed) == 1 else "are"
    return Clause(f"{names} {verb} given up.", f"{counted(len(found.failed), 'room')} given up")


def _twice(view: ClusterView, now: int, found: Survey) -> tuple[Tone, Clause]:
    many = counted(len(found.twice), "room")
    if sides(view, now):
        verb = "runs" if len(found.twice) == 1 else "run"
        said = f"{many} {verb} on both sides"
        return "warn", Clause(f"{said}.", said)
    if len(found.twice) > 1:
        return "bad", Clause(f"{many} run twice.", f"{many} run twice")
    name = "".join(room.name for room in found.twice)
    where = listed([place.node for room in found.twice for place in room.places])
    return "bad", Clause(f"{name} runs twice, at {where}.", f"{name} runs twice")


def _coming(recovery: Recovery) -> Clause:
    name, served = recovery.node, len(recovery.times)
    rooms = counted(recovery.rooms, "room")
    if not served:
        verb = "has" if recovery.rooms == 1 else "have"
        return Clause(f"{name}'s {rooms} {verb} no home yet.", f"{name}'s {rooms} without home")
    said = f"{served:,} of {name}'s {rooms} serve again"
    return Clause(f"{said}.", said)


def _came(recovery: Recovery) -> Clause:
    rooms = counted(recovery.rooms, "room")
    verb = "serves" if recovery.rooms == 1 else "serve"
    worst = seconds(recovery.worst_us)
    took = f"p50 {seconds(recovery.p50_us)}, worst {worst}" if recovery.rooms > 1 else worst
    said = f"{recovery.node}'s {rooms} {verb} again"
    return Clause(f"{said}: {took}.", f"{said}, {worst}")


def _waiting(found: Survey) -> tuple[Tone, Clause]:
    many = counted(len(found.waiting), "room")
    verb = "has" if len(found.waiting) == 1 else "have"
    tone: Tone = "bad" if found.waited_us >= TOO_LONG_US else "warn"
    age = seconds(found.waited_us)
    return tone, Clause(f"{many} {verb} had no process for {age}.", f"{many} nowhere, {age}")
