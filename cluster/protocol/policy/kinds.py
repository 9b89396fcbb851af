"""Which policy a configuration asks for, and what it makes of that configuration."""

from __future__ import annotations

from random import Random
from typing import Final

from msgspec.structs import replace

from cluster.config import MS, Config
from cluster.protocol.effects import Records
from cluster.protocol.outbox import Outbox
from cluster.protocol.policy.failover import Failover
from cluster.protocol.policy.fixed import Fixed, Primary
from cluster.protocol.policy.majority import Majority
from cluster.protocol.policy.masterless import Masterless
from cluster.protocol.policy.policy import Policy
from cluster.protocol.policy.relays import Relays
from cluster.protocol.quorum.coordinator import Coordinator
from cluster.protocol.swim.membership import Membership

REASSIGN_AFTER_US: Final = 500 * MS
"""A `primary` gives a dead worker's share to others this soon: it waits for no data to come back."""


def policy_of(
    out: Outbox, members: Membership, coordinator: Coordinator, records: Records, rng: Random
) -> Policy:
    """The policy of one node, which its coordinator then asks."""
    config = out.config.architecture
    book = coordinator.book
    relays = Relays(out, members, book)
    match config.kind:
        case "masterless":
            return Masterless()
        case "single":
            return Fixed(out, config, relays)
        case "primary":
            return Primary(out, config, relays, book, coordinator.carry_out)
        case "failover":
            return Failover(out, members, records, book, relays)
        case "majority":
            return Majority(out, members, records, book, relays, rng)


def shaped(config: Config) -> Config:
    """The configuration under which a node of this architecture runs."""
    match config.architecture.kind:
        case "masterless":
            return config
        case "single" | "primary" as kind:
            membership = config.membership
            if kind == "primary":
                membership = replace(membership, evict_after_us=REASSIGN_AFTER_US)
            return replace(
                config,
                membership=membership,
                ring=replace(config.ring, replicas=1),
                data=replace(config.data, read_quorum=1, write_quorum=1),
            )
        case "failover":
            return replace(config, data=replace(config.data, read_quorum=1, write_quorum=1))
        case "majority":
            half = len(config.architecture.founders) // 2 + 1
            return replace(config, data=replace(config.data, read_quorum=half, write_quorum=half))
