"""What a pipeline is: stages in a row, each at a node, and what happens when too much arrives.

The words are GenStage's (hexdocs.pm/gen_stage): a producer emits, a consumer asks, a relay (its
producer-consumer) does both, and nobody sends more than was asked. Two other ways to meet the same
overload are here to be compared: a queue without a bound, and one that refuses what has no room.
Ignores how stages talk (`cluster.protocol.flow`).
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from cluster.bounds.flow import FlowConfig
from cluster.model.member import Count, Name, NodeId

Way = Literal["unbounded", "shed", "demand"]
"""`unbounded`: everything that arrives is sent on at once and waits in queues without a bound.
`shed`: the same, but a full queue refuses. `demand`: stages ask, and the source waits."""
StageKind = Literal["producer", "relay", "consumer"]

FLOW_NAME_PATTERN: Final = r"^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,31}\Z"
FlowName = Annotated[str, Meta(pattern=FLOW_NAME_PATTERN)]
WorkerName = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.-]{0,32}\Z")]

MAX_DEMAND: Final = 1_000
"""What a stage asks for at first, and keeps asked for or queued at most: GenStage's default."""
HALF: Final = -1
"""`min_demand`: half of `max_demand`, GenStage's default."""


class StageSpec(Struct, frozen=True, forbid_unknown_fields=True):
    """One stage of a pipeline."""

    name: FlowName
    kind: StageKind
    node: Name
    """Where it runs. It does not move."""
    cost_us: Annotated[int, Meta(ge=0, le=60_000_000)] = 0
    """How long one item keeps it busy."""
    rate_per_s: Annotated[int, Meta(ge=0, le=2**31)] = 0
    """Of a producer: so many items arrive at its source a second, whether or not anybody asks."""
    limit_per_s: Annotated[int, Meta(ge=0, le=2**31)] = 0
    """It begins at most so many items of this pipeline a second; 0 is no limit."""
    worker: WorkerName = ""
    """Stages of several pipelines that name the same worker at one node share one: it serves one
    item at a time, the one that has waited longest. Empty: one of its own."""


class FlowSpec(Struct, frozen=True, forbid_unknown_fields=True):
    """A pipeline as it is declared: a producer, any relays, a consumer."""

    name: FlowName
    way: Way
    stages: Annotated[tuple[StageSpec, ...], Meta(min_length=2, max_length=64)]
    max_demand: Annotated[int, Meta(ge=1, le=2**31)] = MAX_DEMAND
    min_demand: Annotated[int, Meta(ge=HALF, le=2**31)] = HALF
    """A stage asks again once no more than so many items are asked for or queued."""
    queue_max: Annotated[int, Meta(ge=1, le=2**31)] = MAX_DEMAND
    """Where it sheds: items that one stage holds."""
    lasting_us: Annotated[int, Meta(ge=0, le=2**53)] = 0
    """Items arrive for so long since the producer began; 0: until the pipeline is stopped."""

    @property
    def low(self) -> int:
        """`min_demand` as a number."""
        return self.max_demand // 2 if self.min_demand == HALF else self.min_demand


class FlowEntry(Struct, frozen=True, array_like=True):
    """A pipeline as nodes tell each other of it. Of two of one name the higher order holds."""

    spec: FlowSpec
    version: Count
    """When it was declared or stopped, by the clock of who did; never lower than the one before."""
    by: Name
    stopped: bool = False

    @property
    def order(self) -> tuple[int, NodeId]:
        """What decides between two entries of one name."""
        return (self.version, self.by)


class StageRow(Struct, frozen=True, array_like=True):
    """One stage as its node measured it. Totals are of that node's present life."""

    stage: str
    index: int
    """Its place in the pipeline, from 0."""
    kind: StageKind
    queue: int
    """Items here: waiting, in work, and done but not yet asked for."""
    longest: int
    """The most since the last measurement."""
    limit: int
    """What `queue` never passes."""
    entered: int
    """Items that came here, refused ones aside."""
    left: int
    """Items that were sent on; of a consumer: done with."""
    refused: int
    """Items that found no room."""
    lost: int
    """Items sent on to a stage that will never do them: on a link that broke, or it died with them."""
    waiting: int = 0
    """Of a producer: items that have arrived at its source and were not taken."""
    waited_us: int = 0
    """How long the first of these waits."""
    asked: int = 0
    """Items asked of the stage before, that have not come. 0 where nobody asks."""
    granted: int = 0
    """Items that the stage after has asked for, not sent yet. 0 where nobody asks."""
    p50_us: int = 0
    """How old the items were that left since the last measurement: from the source (in `demand`: from
    being taken there) to their leaving, the ways between nodes aside. 0 when there were none."""
    p99_us: int = 0


def trouble(spec: FlowSpec, config: FlowConfig) -> str:
    """Why this is no pipeline that a node would run; empty when it is one."""
    kinds = [stage.kind for stage in spec.stages]
    inner = kinds[1:-1]
    if kinds[0] != "producer" or kinds[-1] != "consumer" or any(k != "relay" for k in inner):
        return "a pipeline is a producer, any number of relays, and a consumer, in this order"
    if len(kinds) > config.stages_max:
        return f"a pipeline has at most {config.stages_max} stages"
    if len({stage.name for stage in spec.stages}) < len(kinds):
        return "two stages have one name"
    if any(stage.rate_per_s for stage in spec.stages[1:]):
        return "only a producer has a rate_per_s: arrivals at its source"
    if not 0 < spec.stages[0].rate_per_s <= config.rate_max:
        return f"rate_per_s of the producer is 1 to {config.rate_max:,}"
    if max(stage.limit_per_s for stage in spec.stages) > config.rate_max:
        return f"limit_per_s is at most {config.rate_max:,}"
    if spec.max_demand > config.demand_max:
        return f"max_demand is at most {config.demand_max:,}"
    if spec.low >= spec.max_demand:
        return "min_demand is less than max_demand"
    if spec.queue_max > config.queue_max:
        return f"queue_max is at most {config.queue_max:,}"
    return ""
