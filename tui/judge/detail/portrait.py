"""One node in a sentence, and in figures: what it does now beside what it usually does.

"Usually" is its own last minute without the last seconds, so that a node is compared with itself
and not with an idea of how busy nodes are. Says only what was reported: of a node that is not heard
it says what the others hold and keep for it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import islice
from typing import Final

from msgspec import Struct

from cluster.model.member import MemberState, NodeId
from tui.draw.sparkline import mean, operations, per_second, slowest_us
from tui.judge.agreement import Agreement, agreement, is_live
from tui.judge.exposure import common_ring
from tui.judge.memo import Memo
from tui.judge.standing import stand
from tui.judge.verdict import Verdict
from tui.judge.wording import Tone, counted, listed, seconds
from tui.view import ClusterView, NodeView, Sample

NOW_US: Final = 2_000_000
"""What a node does now is the mean of this long."""
USUAL_LEAST: Final = 8
"""Fewer earlier samples say nothing about what is usual."""
BUSIER: Final = 1.4
SLOWER: Final = 2.0
SLOW_LEAST_US: Final = 8_000
"""Slower than usual is worth a word only above this."""


class Pace(Struct, frozen=True):
    """A figure now and as it usually is; -1 where nothing was measured."""

    now: float
    usual: float

    @property
    def grown(self) -> float:
        """How many times its usual it is; 1 where nobody can tell."""
        return self.now / self.usual if self.usual > 0 and self.now >= 0 else 1.0


def pace(node: NodeView, now: int, value: Callable[[Sample], float]) -> Pace:
    """One figure of a node's samples."""
    fresh = [value(s) for s in node.samples if s.at > now - NOW_US]
    before = [value(s) for s in node.samples if s.at <= now - 2 * NOW_US]
    usual = mean(before) if len(before) >= USUAL_LEAST else -1.0
    return Pace(mean(fresh) if fresh else -1.0, usual)


def puts(sample: Sample) -> float:
    """Writes a second."""
    return per_second(sample, sample.rates.puts)


def gets(sample: Sample) -> float:
    """Reads a second."""
    return per_second(sample, sample.rates.gets)


def median_ms(sample: Sample) -> float:
    """The slower of the two medians."""
    return max(sample.rates.put_p50_us, sample.rates.get_p50_us) / 1_000


def slowest_ms(sample: Sample) -> float:
    """The slower of the two 99th percentiles."""
    return slowest_us(sample) / 1_000


def hints(sample: Sample) -> float:
    """Writes kept for others."""
    return float(sample.hints)


def messages(sample: Sample) -> float:
    """Messages sent a second."""
    return per_second(sample, sum(sample.sent.values()))


def lag_ms(sample: Sample) -> float:
    """The worst lateness of a timer."""
    return sample.lag_us / 1_000


def memory_mb(sample: Sample) -> float:
    """Resident memory."""
    return sample.resident_bytes / 1_000_000


def disk_kb(sample: Sample) -> float:
    """Kilobytes of rows brought to disk a second."""
    return per_second(sample, sample.disk_bytes) / 1_000


def network_kb(sample: Sample) -> float:
    """Kilobytes sent a second."""
    return per_second(sample, sample.bytes_out) / 1_000


# --- the sentence --------------------------------------------------------------------------------


def portrait(view: ClusterView, name: NodeId, now: int) -> Verdict:
    """What this node is about, worst first; `short` is for 80 columns."""
    node = view.nodes[name]
    judged = agreement(view, now)
    standing = stand(node, judged, now)
    tone: Tone = "good" if standing.well else "bad" if standing.word in ("dead", "gone") else "warn"
    if standing.word == "refusing":
        why = node.refusal.partition(":")[0]
        tone, parts = "bad", [f"cannot write to its disk ({why})", *_busy(node, now)]
    elif not is_live(node, now) or not standing.well:
        parts = _absent(view, node, judged, now)
    else:
        parts = _busy(node, now)
        if not parts:
            parts = _well(node, judged, now)
        elif node.hints or node.filling or node.drain is not None:
            tone = "warn"
    text = f"{name} {', '.join(parts)}."
    return Verdict(text, tone, f"{name} {', '.join(parts[:2])}")


def _absent(view: ClusterView, node: NodeView, judged: Agreement, now: int) -> list[str]:
    subject = judged.subjects[node.name]
    held = stand(node, judged, now)
    quiet = seconds(now - node.reported_at) if node.reported_at else ""
    parts = [f"has said nothing for {quiet}" if quiet and not is_live(node, now) else "is in doubt"]
    if held.said_by:
        parts.append(f"{held.said_by} of {subject.observers} others hold it {held.word}")
    kept = kept_for(view, node.name, judged)
    if kept:
        total = sum(kept.values())
        parts.append(f"{counted(total, 'write')} kept for it at {listed(list(kept))}")
    return parts


def _busy(node: NodeView, now: int) -> list[str]:
    parts: list[str] = []
    if node.drain is not None:
        done = "has given up its places" if node.drain.done else "gives up its places"
        parts.append(done)
    if node.filling:
        waits = f" (waits for {node.waiting_on})" if node.waiting_on else ""
        parts.append(f"still fills {counted(node.filling, 'place')}{waits}")
    if node.hints:
        kept = " and ".join(f"{d.count:,} for {d.target}" for d in node.hints[:2])
        oldest = min(d.oldest_at for d in node.hints)
        parts.append(f"keeps {kept} until it is back (oldest {seconds(now - oldest)})")
    work, slow = pace(node, now, operations), pace(node, now, slowest_ms)
    if work.grown >= BUSIER and work.now >= 1:
        parts.append(f"works {work.grown:.1f}× as much as usual")
    if slow.grown >= SLOWER and slow.now * 1_000 >= SLOW_LEAST_US:
        parts.append(f"p99 {slow.now:.0f} ms against {slow.usual:.0f} ms before")
    if node.health:
        parts.append("doubts its own probes")
    return parts


def _well(node: NodeView, judged: Agreement, now: int) -> list[str]:
    held = stand(node, judged, now)
    parts: list[str] = []
    if held.observers:
        who = "all" if held.said_by == held.observers else f"{held.said_by} of {held.observers}"
        parts.append(
            f"is alive for {who} others" if held.observers > 1 else "is alive for the other"
        )
    else:
        parts.append("is alone")
    doubted = [n for n, b in node.beliefs.items() if b.state is not MemberState.ALIVE]
    if doubted:
        parts.append(f"holds {listed(doubted)} to be away")
    elif node.beliefs:
        parts.append("and holds all of them alive")
    work = pace(node, now, operations)
    if work.now > 0:
        parts.append(f"coordinates {work.now:.0f} operations a second")
    return parts


def kept_for(view: ClusterView, name: NodeId, judged: Agreement) -> dict[NodeId, int]:
    """Per live node: how many writes it keeps for this one."""
    return {
        other: depth.count
        for other in judged.observers
        for depth in view.nodes[other].hints
        if depth.target == name and depth.count
    }


# --- what it holds -------------------------------------------------------------------------------

_ROOMS: Final = Memo[tuple[str, ...]](64)
NAMED: Final = 8


def rooms_of(view: ClusterView, name: NodeId) -> tuple[int, tuple[str, ...]]:
    """How many rooms have a place at a node, and the names of the first few."""
    count = view.rooms.held.get(name, 0)
    if not count:
        return 0, ()

    def find() -> tuple[str, ...]:
        mine = (
            room.name
            for room in view.rooms.by_name.values()
            if any(place.node == name for place in room.places)
        )
        return tuple(islice(mine, NAMED))

    return count, _ROOMS.get(view.rooms.by_name, name, find)


def places_of(view: ClusterView, name: NodeId, now: int) -> list[list[int]]:
    """Per copy (first, second, ...): the partitions it owns by its own ring, while it speaks; the
    others may have taken them from one who does not.
    """
    node = view.nodes[name]
    ring = node.ring if is_live(node, now) else common_ring(view.nodes, now)
    if ring is None or name not in ring.members:
        return []
    index = ring.members.index(name)
    held: list[list[int]] = [[] for _ in range(ring.replicas)]
    for partition, owners in enumerate(ring.owners):
        if index in owners:
            held[owners.index(index)].append(partition)
    return held


def ranges(numbers: list[int]) -> str:
    """Sorted numbers, neighbours together: "0-2 7 12-13"."""
    parts: list[str] = []
    first = last = -2
    for number in numbers:
        if number == last + 1:
            last = number
            continue
        if last >= 0:
            parts.append(f"{first}" if first == last else f"{first}–{last}")
        first = last = number
    if last >= 0:
        parts.append(f"{first}" if first == last else f"{first}–{last}")
    return " ".join(parts)


class Way(Struct, frozen=True):
    """The traced messages of the last seconds from one node to another."""

    sent: int
    lost: int
    """Not known to have arrived."""
    median_us: int
    """On the way, by the clocks of both ends; -1 where none is known. Across computers it says
    little."""


LATE_US: Final = 400_000
"""A message whose arrival nobody told of within this is taken for lost."""


def ways(view: ClusterView, source: NodeId, now: int) -> dict[NodeId, Way]:
    """From one node to each of the others."""
    times: dict[NodeId, list[int]] = {}
    sent: Counter[NodeId] = Counter()
    lost: Counter[NodeId] = Counter()
    for message in view.messages.values():
        if message.id[0] != source:
            continue
        sent[message.to] += 1
        if message.received_at:
            times.setdefault(message.to, []).append(message.received_at - message.sent_at)
        elif now - message.sent_at > LATE_US:
            lost[message.to] += 1
    return {to: Way(count, lost[to], _median(times.get(to, []))) for to, count in sent.items()}


def _median(times: list[int]) -> int:
    times.sort()
    return max(0, times[len(times) // 2]) if times else -1
