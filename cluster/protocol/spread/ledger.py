"""Which broadcast messages a node has had, and which of them it still keeps.

A message is named by (origin, origin's boot epoch, number); numbers count from 1 without gaps in one
*stream* (origin, epoch), whatever the topics. So all that was had of a stream is one number, the
floor, and the few above it that came early (topics have different trees): that is what digests say.
Ignores links and time, except that it remembers when each message was learned.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from msgspec import Struct, field

from cluster.config import SpreadConfig
from cluster.model.member import NodeId
from cluster.protocol.messages import Head, Item

StreamKey = tuple[NodeId, int]


class Kept(Struct, frozen=True):
    """A message, and when it was learned here."""

    item: Item
    learned: int


class Stream(Struct):
    """What was had of one stream."""

    floor: int = 0
    """Every number up to here was had, or given up."""
    above: set[int] = field(default_factory=set[int])
    kept: dict[int, Kept] = field(default_factory=dict[int, Kept])
    forgotten: int = 0
    """Numbers up to here are no longer all kept."""
    first: int = 0
    """The lowest number that ever came; what was published before it was before our time."""

    @property
    def top(self) -> int:
        """The highest number had."""
        return max(self.above, default=self.floor)

    def had(self, number: int) -> bool:
        """Whether this message came already (or was given up)."""
        return number <= self.floor or number in self.above

    def note(self, number: int) -> None:
        """This message came."""
        self.first = min(self.first, number) if self.first else number
        self.above.add(number)
        self._rise()

    def give_up(self, upto: int) -> int:
        """Wait no longer for anything up to `upto`; returns how many had not come."""
        came = sum(1 for number in self.above if number <= upto)
        missed = max(0, upto - max(self.floor, self.first - 1) - came)
        self.floor = max(self.floor, upto)
        self.above = {number for number in self.above if number > upto}
        self._rise()
        return missed

    def _rise(self) -> None:
        while self.floor + 1 in self.above:
            self.floor += 1
            self.above.discard(self.floor)


class Ledger:
    """The messages of one node: a bounded log, and what was had beyond it."""

    def __init__(self, config: SpreadConfig) -> None:
        self._config = config
        self._streams: dict[StreamKey, Stream] = {}
        self._topics: dict[str, dict[tuple[StreamKey, int], Item]] = {}
        self._order: deque[tuple[StreamKey, int]] = deque()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._order)

    def learn(self, item: Item, now: int) -> bool:
        """Take a message; False if it was had before, or has no place here."""
        key = (item.origin, item.epoch)
        stream = self._streams.get(key)
        if stream is None:
            if not self._room_for_a_stream():
                return False
            stream = self._streams[key] = Stream()
        if item.number < 1 or stream.had(item.number):
            return False
        if len(stream.above) >= self._config.early_max and item.number != stream.floor + 1:
            return False
        stream.note(item.number)
        stream.kept[item.number] = Kept(item, now)
        self._topics.setdefault(item.topic, {})[key, item.number] = item
        self._order.append((key, item.number))
        self._bytes += len(item.payload)
        while len(self._order) > self._config.kept_max or self._bytes > self._config.kept_bytes_max:
            self._forget_oldest()
        return True

    def _room_for_a_stream(self) -> bool:
        """Past the bound a stream of which nothing is kept makes room; without one there is none."""
        if len(self._streams) < self._config.streams_max:
            return True
        empty = next((k for k, s in self._streams.items() if not s.kept), None)
        if empty is None:
            return False
        del self._streams[empty]
        return True

    def _forget_oldest(self) -> None:
        key, number = self._order.popleft()
        stream = self._streams[key]
        item = stream.kept.pop(number).item
        self._bytes -= len(item.payload)
        stream.forgotten = max(stream.forgotten, number)
        topic = self._topics[item.topic]
        del topic[key, number]
        if not topic:
            del self._topics[item.topic]

    def history(self, topic: str) -> tuple[Item, ...]:
        """All kept messages of a topic, in the order in which they came here."""
        return tuple(self._topics.get(topic, {}).values())

    # --- comparing ------------------------------------------------------------------------------

    def heads(self) -> tuple[Head, ...]:
        """What was had, for another node to compare."""
        return tuple(
            Head(origin, epoch, stream.floor, tuple(sorted(stream.above)))
            for (origin, epoch), stream in self._streams.items()
        )

    def lacks(self, heads: tuple[Head, ...]) -> bool:
        """Whether somebody with these heads has had something that we have not."""
        for head in heads:
            stream = self._streams.get((head.origin, head.epoch))
            if stream is None:
                return True
            if head.floor > stream.floor:
                if len(stream.above) < head.floor - stream.floor:
                    return True
                if not all(map(stream.had, range(stream.floor + 1, head.floor + 1))):
                    return True
            if not all(map(stream.had, head.above)):
                return True
        return False

    def missing(self, heads: tuple[Head, ...], before: int) -> Iterator[Item]:
        """What somebody with these heads has not had, of what was learned here by `before`."""
        theirs = {(h.origin, h.epoch): h for h in heads}
        for key, stream in self._streams.items():
            head = theirs.get(key)
            floor = head.floor if head is not None else 0
            above = frozenset(head.above) if head is not None else frozenset[int]()
            span = range(max(floor, 0) + 1, stream.top + 1)
            numbers = span if len(span) <= len(stream.kept) else sorted(stream.kept)
            for number in numbers:
                kept = stream.kept.get(number)
                if kept is None or number <= floor or number in above or kept.learned > before:
                    continue
                yield kept.item

    def gone(self, heads: tuple[Head, ...]) -> tuple[Head, ...]:
        """Streams of which somebody with these heads lacks something no longer kept here."""
        theirs = {(h.origin, h.epoch): h for h in heads}
        found: list[Head] = []
        for key, stream in self._streams.items():
            head = theirs.get(key)
            if stream.forgotten > (head.floor if head is not None else 0):
                lost = self._lost(stream, head)
                if lost:
                    found.append(Head(*key, lost, ()))
        return tuple(found)

    def _lost(self, stream: Stream, head: Head | None) -> int:
        """The highest number up to which something is lost for the holder of `head`; 0: nothing."""
        floor = head.floor if head is not None else 0
        above = frozenset(head.above) if head is not None else frozenset[int]()
        for number in range(stream.forgotten, max(floor, stream.forgotten - len(above) - 1), -1):
            if number not in above and number not in stream.kept and stream.had(number):
                return number
        return 0

    def give_up(self, head: Head) -> int:
        """Nobody asked keeps what we lack up to there; returns how many were lost to us.

        A stream never heard of began before our time: nothing of it was lost to us.
        """
        key = (head.origin, head.epoch)
        stream = self._streams.get(key)
        if stream is not None:
            return stream.give_up(head.floor)
        if self._room_for_a_stream():
            self._streams[key] = Stream(floor=head.floor, forgotten=head.floor)
        return 0
