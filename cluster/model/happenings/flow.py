"""Facts about pipelines: what begins and ends at a node, what waits there, what had no room.

A part of the one vocabulary (`cluster.model.facts`, from where everybody takes them).
"""

from __future__ import annotations

from msgspec import Struct

from cluster.model.flow.pipeline import StageRow, Way
from cluster.model.member import NodeId


class FlowStarted(Struct, frozen=True, array_like=True, tag="flow.start"):
    """Stages of a pipeline run at this node from now on."""

    flow: str
    way: Way
    stages: tuple[str, ...]
    """Those of this node."""
    by: NodeId
    """Where it was declared."""


class FlowStopped(Struct, frozen=True, array_like=True, tag="flow.stop"):
    """They run no more; `rows` are their last totals. What still waited is gone."""

    flow: str
    rows: tuple[StageRow, ...]
    by: NodeId


class FlowMeasured(Struct, frozen=True, array_like=True, tag="flow.depths"):
    """The stages of one pipeline at this node, as they stand. Told with each pulse."""

    flow: str
    way: Way
    interval_us: int
    """Since the last measurement."""
    rows: tuple[StageRow, ...]


class FlowOverflowed(Struct, frozen=True, array_like=True, tag="flow.refuse"):
    """A stage refused an item for want of room, for the first time."""

    flow: str
    stage: str
    limit: int


class FlowLost(Struct, frozen=True, array_like=True, tag="flow.lose"):
    """Items that a stage here sent to the next one will not be done there.

    A negative count takes back what was told: that stage was thought dead and was not.
    """

    flow: str
    stage: str
    to: NodeId
    count: int
