"""Whose keys they are, and worlds in which nothing compares copies: for pairs about replicas."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Final

from msgspec.structs import replace

from cluster.config import SECOND
from cluster.model.ring import partition_of
from cluster.sim.pairs.stage import QUIET, Stage

NEVER_US: Final = 24 * 3_600 * SECOND
NO_TREES: Final = replace(QUIET.repair, exchange_period_us=NEVER_US, rebuild_period_us=NEVER_US)
"""Trees are built and never compared."""


def owned_by(stage: Stage, holder: str, rng: Random) -> Iterator[bytes]:
    """Keys that this node is an owner of, without end."""
    placement = stage.node(holder).placement
    partitions = stage.world.config.ring.partitions
    while True:
        key = b"q%08x" % rng.getrandbits(32)
        if placement.owns(partition_of(key, partitions)):
            yield key
