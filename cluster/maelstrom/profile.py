"""How a node is set up under Maelstrom, and why.

Where a workload stores anything, every node is an owner of every key (N is the number of nodes)
and W = R = 1: a write is minted and acknowledged where it arrives and a read is answered from
there, so that both sides of a partition stay wholly available; what the others lack, hints, repair and the comparison of trees bring when
they can be reached. That gives eventual values, which is all that g-set and the counters promise.
It is no linearizable store: lin-kv would fail, rightly.
"""

from __future__ import annotations

from msgspec.structs import replace

from cluster.config import LAN, MS, SECOND, Config, DataConfig, ObserveConfig, RingConfig

PARTITIONS = 1
"""There is one key in each workload."""


def config_for(copies: int, flush_ms: int) -> Config:
    """The config of each node; `copies` of each key, a batch on a link at most every `flush_ms`."""
    return replace(
        LAN,
        # A round trip takes 200 ms in Maelstrom's usual network, so probing is that of a LAN;
        # a partition lasts about ten seconds there, and is looked for at once when it ends.
        membership=replace(
            LAN.membership, reconnect_period_us=SECOND, push_pull_period_us=10 * SECOND
        ),
        ring=RingConfig(partitions=PARTITIONS, replicas=copies, settle_us=150 * MS),
        data=DataConfig(read_quorum=1, write_quorum=1, hint_retry_us=SECOND),
        spread=replace(LAN.spread, flush_period_us=flush_ms * MS),
        observe=ObserveConfig(pulse_period_us=10 * SECOND),
        cluster="maelstrom",
    )
