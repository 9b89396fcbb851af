"""What each architecture makes of a configuration: how many copies, how many answers."""

from __future__ import annotations

from msgspec.structs import replace

from cluster.config import MS, Config

REASSIGN_AFTER_US = 500 * MS
"""A `primary` gives a dead worker's share to others this soon: it waits for no data to come back."""


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
