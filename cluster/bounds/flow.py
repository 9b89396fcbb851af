"""The bounds of pipelines (`cluster.protocol.flow`). Times are whole microseconds, as in `config`."""

from __future__ import annotations

from msgspec import Struct


class FlowConfig(Struct, frozen=True):
    """Pipelines: how many, how fast at most, how much waits, and how often stages tell each other."""

    flows_max: int = 16
    """Pipelines a node remembers, stopped ones too (the oldest of these make room). Each is told to
    another node every `tell_period_us`."""
    stages_max: int = 8
    """Stages of one pipeline."""
    rate_max: int = 20_000
    """Arrivals a second at one producer. More than a process can number is no demonstration."""
    demand_max: int = 10_000
    """The largest `max_demand`. GenStage's default is 1,000; more keeps a distant stage busy through
    a longer silence, and makes items wait in queues for longer."""
    queue_max: int = 100_000
    """The largest `queue_max` of a stage that sheds."""
    unbounded_max: int = 200_000
    """Where this node saves itself from a queue that has no bound: what comes then is refused and
    counted. About 150 bytes an item."""
    batch_max: int = 1_000
    """Items in one message. More are fewer messages, each of which blocks its link for longer."""
    batches_early_max: int = 1_024
    """Messages of one link remembered ahead of a missing one, so that none is taken twice."""
    arrivals_max: int = 10_000
    """Items a producer takes from its source in one turn; the others wait there for the next."""
    slice_us: int = 5_000
    """Stages are looked after at most this often. Longer saves turns of the loop and messages, and
    items that could go on wait for up to as long."""
    catch_up_us: int = 50_000
    """Work that a late turn may take as done meanwhile. A process that did not run for longer did
    not work either."""
    look_period_us: int = 250_000
    """A stage repeats what it asked for this often, and looks whether its neighbours live: after so
    long a lost message is noticed. Costs a message for each stage."""
    tell_period_us: int = 1_000_000
    """All known pipelines are told to one other member this often."""
    burst_us: int = 100_000
    """A rate limit lets as many items through at once as it would in this time (at least one)."""
    latencies_max: int = 4_096
    """Waits of items kept for one measurement's percentiles; the first ones of an interval."""
