"""One stage of one pipeline at its node: what waits here, what was asked for, what had no room.

The three ways differ in two places only. What comes and finds the stage full: with `shed` it is
refused, with `unbounded` full is where the node saves itself, with `demand` it cannot happen, since
a stage asks only for what it has room for. And what is asked of the stage before: with `demand` so
much that what is asked for or held stays within `max_demand`, again when that has fallen to
`min_demand` (GenStage's subscription options of these names, and their defaults); with the others
"whatever you have". Ignores when work is done (`worker`) and how messages travel (`flows`).
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from cluster.bounds.flow import FlowConfig
from cluster.model.flow.pipeline import FlowEntry, StageRow
from cluster.model.member import NodeId
from cluster.protocol.flow.link import Inlet, Outlet
from cluster.protocol.flow.messages import NO_LIMIT, FlowItem
from cluster.protocol.flow.source import Bucket, Source


class Waiting(NamedTuple):
    """An item in a stage."""

    number: int
    age_us: int
    """That it had when it came here."""
    since: int
    """When it came here, by this node's clock."""


class Stage:
    """One stage."""

    def __init__(self, config: FlowConfig, entry: FlowEntry, index: int, now: int) -> None:
        self._config = config
        self.entry = entry
        self.index = index
        spec = entry.spec
        self.spec = spec.stages[index]
        shared, own = self.spec.worker, f"{spec.name}/{self.spec.name}"
        self.worker = shared or own
        """Whose time it takes: stages of one worker share it. Shared names hold no slash."""
        self.queue: deque[Waiting] = deque()
        self.in_work = 0
        self.inlet = Inlet(config) if index else None
        self.outlet = Outlet() if index + 1 < len(spec.stages) else None
        self.source: Source | None = None
        if not index:
            self.source = Source(self.spec.rate_per_s, now, spec.lasting_us)
        self.bucket = Bucket(self.spec.limit_per_s, config, now)
        self.clear_since = now
        """Since when somebody has wanted what is done here."""
        self._clear = self.outlet is None
        self.entered = self.left = self.refused = 0
        self.longest = 0
        self._ages: list[int] = []
        limits = {
            "unbounded": config.unbounded_max,
            "shed": spec.queue_max,
            "demand": spec.max_demand,
        }
        self.limit = limits[spec.way]
        """Items it holds at most."""

    @property
    def asks(self) -> bool:
        """Whether stages of this pipeline ask."""
        return self.entry.spec.way == "demand"

    def node(self, step: int) -> NodeId:
        """Where the stage before (-1) or after (+1) this one runs."""
        return self.entry.spec.stages[self.index + step].node

    @property
    def held(self) -> int:
        """Items here, whatever happens to them."""
        pending = len(self.outlet.pending) if self.outlet is not None else 0
        return len(self.queue) + self.in_work + pending

    # --- what comes --------------------------------------------------------------------------

    def draw(self, now: int) -> None:
        """Take from the source what has arrived; with `demand`, no more than was asked for."""
        source, outlet = self.source, self.outlet
        if source is None or outlet is None:
            return
        count = min(source.waiting(now), self._config.arrivals_max)
        if self.asks:
            room = min(outlet.room - len(self.queue) - self.in_work, self.limit - self.held)
            count = min(count, max(0, room))
        for number in range(source.taken + 1, source.taken + count + 1):
            since = now if self.asks else source.came_at(number)
            self.admit(Waiting(number, 0, since))
        source.taken += count

    def next_arrival(self) -> int | None:
        """When there will be something to take from the source; None: nothing, or nobody asks."""
        source, outlet = self.source, self.outlet
        if source is None or outlet is None:
            return None
        if self.asks and outlet.room <= len(self.queue) + self.in_work:
            return None
        return source.next_at()

    def admit(self, item: Waiting) -> None:
        """An item came: it waits here, or is refused."""
        if self.held >= self.limit:
            self.refused += 1
            return
        self.entered += 1
        self.queue.append(item)
        self.longest = max(self.longest, self.held)

    def wish(self) -> int:
        """How many more items to ask for now; 0 as long as enough are on their way."""
        inlet, spec = self.inlet, self.entry.spec
        if inlet is None:
            return 0
        if not self.asks:
            return NO_LIMIT - inlet.asked
        room = spec.max_demand - inlet.open_asks - self.held
        return room if room >= spec.max_demand - spec.low else 0

    @property
    def settled(self) -> int:
        """Of the items that came over the link, those that are not here any more."""
        had = self.inlet.had if self.inlet is not None else 0
        return had - min(had, self.held)

    # --- what is done ------------------------------------------------------------------------

    def wanted(self, now: int) -> bool:
        """Whether an item could go on from here if it were done; notes since when."""
        clear = self.outlet is None or self.outlet.room > self.in_work
        if clear and not self._clear:
            self.clear_since = now
        self._clear = clear
        return clear

    def begin(self, at: int) -> Waiting:
        """The first item goes into work."""
        self.bucket.take(at)
        self.in_work += 1
        return self.queue.popleft()

    def finish(self, item: Waiting, at: int) -> None:
        """It is done."""
        self.in_work -= 1
        age = item.age_us + max(0, at - item.since)
        if self.outlet is not None:
            self.outlet.pending.append(FlowItem(item.number, age))
        else:
            self.leave((age,))

    def leave(self, ages_us: tuple[int, ...]) -> None:
        """Items are sent on, or, at the end, done with."""
        self.left += len(ages_us)
        room = self._config.latencies_max - len(self._ages)
        self._ages += ages_us[: max(0, room)]

    # --- what is told ------------------------------------------------------------------------

    def measure(self, now: int) -> StageRow:
        """How it stands; begins the next interval."""
        row = self.row(now)
        self._ages = []
        self.longest = row.queue
        return row

    def row(self, now: int) -> StageRow:
        """How it stands."""
        ages = sorted(self._ages)
        inlet, outlet, source = self.inlet, self.outlet, self.source
        return StageRow(
            stage=self.spec.name,
            index=self.index,
            kind=self.spec.kind,
            queue=self.held,
            longest=self.longest,
            limit=self.limit,
            entered=self.entered,
            left=self.left,
            refused=self.refused,
            lost=outlet.lost if outlet is not None else 0,
            waiting=source.waiting(now) if source is not None else 0,
            waited_us=source.waited_us(now) if source is not None else 0,
            asked=inlet.open_asks if inlet is not None and self.asks else 0,
            granted=max(0, outlet.asked - outlet.sent) if outlet is not None and self.asks else 0,
            p50_us=ages[(len(ages) - 1) // 2] if ages else 0,
            p99_us=ages[(len(ages) - 1) * 99 // 100] if ages else 0,
        )
