"""Which policy a configuration asks for."""

from __future__ import annotations

from random import Random

from cluster.protocol.effects import Records
from cluster.protocol.outbox import Outbox
from cluster.protocol.policy.fixed import Fixed, Primary
from cluster.protocol.policy.masterless import Masterless
from cluster.protocol.policy.policy import Policy
from cluster.protocol.policy.relays import Relays
from cluster.protocol.quorum.coordinator import Coordinator
from cluster.protocol.swim.membership import Membership


def policy_of(
    out: Outbox, members: Membership, coordinator: Coordinator, records: Records, rng: Random
) -> Policy:
    """The policy of one node, which its coordinator then asks."""
    del records, rng
    config = out.config.architecture
    relays = Relays(out, members, coordinator.book)
    match config.kind:
        case "masterless":
            return Masterless()
        case "single":
            return Fixed(out, config, relays)
        case "primary":
            return Primary(out, config, relays, coordinator.book, coordinator.carry_out)
        case "failover" | "majority":
            raise NotImplementedError(config.kind)
