"""Every bound, period and default of a node, with its unit and what raising it costs.

One small frozen class per machine, passed in whole. Nothing below the command reads the
environment. Times are whole microseconds (`_us`), sizes are bytes, unless the name says otherwise.

Two profiles: `DEMO` is quick enough for a stage; `LAN` follows memberlist's DefaultLANConfig
(hashicorp/memberlist, config.go) where it has the same parameter.
"""

from __future__ import annotations

from typing import Final, Literal

from msgspec import Struct

MS: Final = 1_000
SECOND: Final = 1_000_000

ProfileName = Literal["demo", "lan"]


class MembershipConfig(Struct, frozen=True):
    """SWIM's timing. Raising periods saves packets and delays detection."""

    probe_period_us: int
    """One member is probed each period."""
    probe_timeout_us: int
    """How long a direct ping may take before others are asked to try."""
    indirect_probes: int
    """How many others are asked (SWIM's k)."""
    gossip_period_us: int
    """Rumours that did not ride on a probe leave at this period."""
    gossip_fanout: int
    """To how many members each gossip round goes."""
    push_pull_period_us: int
    """Whole views are exchanged with one random member this often: the tail's bound."""
    retransmit_mult: int
    """Each rumour is sent retransmit_mult * ceil(log10(n + 1)) times."""
    suspicion_min_us: int
    """A suspect confirmed by enough others is declared dead after this."""
    suspicion_max_us: int
    """A suspect that only we doubt is declared dead after this."""
    suspicion_confirmations: int
    """How many other accusers bring the wait from max down to min (Lifeguard's K)."""
    crash_suspicion_us: int
    """The wait when the suspect's own kernel refused a connection: nothing listens there."""
    reconnect_period_us: int
    """One dead member or seed is tried this often, for ever."""
    evict_after_us: int
    """A member dead this long is removed from the ring by a node that sees a majority."""
    leave_linger_us: int
    """How long a leaving node stays to spread its farewell."""
    stall_us: int
    """A timer this late means that we were paused: overdue probes are no evidence."""


class RingConfig(Struct, frozen=True):
    """Placement. `partitions` must be equal on all nodes of a cluster for its whole life."""

    partitions: int = 64
    replicas: int = 3
    """N: how many owners each partition has."""
    load_slack: float = 1.06
    """No member carries more than this times the mean load; more slack moves less on a join."""
    settle_us: int = 150 * MS
    """The ring follows the members this long after their last change."""


class DataConfig(Struct, frozen=True):
    """Quorums, deadlines and limits of the key/value store."""

    read_quorum: int = 2
    write_quorum: int = 2
    replica_timeout_us: int = 250 * MS
    """A replica silent this long is given up: a fallback takes the write, another the read."""
    operation_timeout_us: int = 2 * SECOND
    """The client has an answer by then, if only that nobody knows."""
    operations_max: int = 4_096
    """Operations open at one coordinator; more are refused as overload."""
    key_bytes_max: int = 1_024
    value_bytes_max: int = 1_048_576
    siblings_max: int = 64
    """A key with this many unresolved siblings refuses a write that would add another."""
    record_bytes_max: int = 3 * 1_048_576
    """The same for the bytes of all its values: five sides of a split must still fit one frame."""
    set_elements_max: int = 10_000
    """Elements of a set. Each change of a typed value rewrites it whole: its cost grows with this."""
    map_fields_max: int = 1_000
    """Fields of a map."""
    hints_max: int = 20_000
    """Hints kept per absent member; past it new hints are refused (and said)."""
    hint_batch: int = 64
    hint_retry_us: int = 500 * MS
    transfer_page_bytes: int = 262_144
    transfers_parallel: int = 4
    """Partitions filled at once by one new owner."""
    transfer_retry_us: int = 100 * MS


class SpreadConfig(Struct, frozen=True):
    """Broadcast: the tree, its batches, and how what was missed is found."""

    branches: int = 5
    """Children of a node in a topic's tree. More makes the way shorter and the inner nodes busier."""
    flush_period_us: int = 20 * MS
    """A link carries a batch at most this often. Longer saves messages, and each hop takes longer."""
    page_bytes: int = 65_536
    """About how much one message carries; a longer one blocks its link for longer."""
    queue_max: int = 16_384
    """Messages that wait for one link; what has no room is found by a digest later."""
    exchange_period_us: int = SECOND
    """What was had is compared with one other node this often: the tail's bound after a loss."""
    exchange_settle_us: int = 700 * MS
    """What came later than this is taken to be on its way still, and not sent again. Longer than a
    message takes to everybody, or links carry things twice; the longer, the later a repair."""
    exchange_gone_every: int = 4
    """Each so many comparisons one is tried with a member believed dead: it may only be cut off."""
    kept_max: int = 65_536
    """Messages kept for whoever missed them; more memory forgives longer absences."""
    kept_bytes_max: int = 64 * 1_048_576
    """The same in bytes of payload."""
    payload_bytes_max: int = 65_536
    """The longest message; longer values belong into the store."""
    topics_max: int = 1_024
    """Topics that one node may publish on."""
    streams_max: int = 4_096
    """Streams (topic, publisher, publisher's boot) remembered; digests grow with them."""
    early_max: int = 4_096
    """Messages of one stream taken ahead of a gap in it."""


class ObserveConfig(Struct, frozen=True):
    """How much a node says about itself."""

    pulse_period_us: int = 250 * MS
    """Exact totals, rates and depths are stated this often."""
    traced_messages_per_s: int = 60
    """Messages reported one by one; the rest are only counted (totals stay exact)."""
    log_facts_max: int = 20_000
    """Facts kept for observers that resume."""
    record_facts_max: int = 4_096
    """Facts kept for the incident record, mostly pulses: a quarter of an hour with the demo's
    pulse, an hour with the lan's. About 500 bytes each."""


class Config(Struct, frozen=True):
    """Everything one node is told before it starts."""

    membership: MembershipConfig
    ring: RingConfig = RingConfig()
    data: DataConfig = DataConfig()
    spread: SpreadConfig = SpreadConfig()
    observe: ObserveConfig = ObserveConfig()
    profile: ProfileName = "demo"
    cluster: str = "masterless"
    """Packets of a cluster with another name are dropped and counted."""
    faults_allowed: bool = False
    """Whether this node's transport may be hurt through its window."""


DEMO: Final = Config(
    membership=MembershipConfig(
        probe_period_us=300 * MS,
        probe_timeout_us=120 * MS,
        indirect_probes=3,
        gossip_period_us=100 * MS,
        gossip_fanout=3,
        push_pull_period_us=2 * SECOND,
        retransmit_mult=4,
        suspicion_min_us=2_900 * MS,
        suspicion_max_us=3_600 * MS,
        suspicion_confirmations=2,
        crash_suspicion_us=600 * MS,
        reconnect_period_us=700 * MS,
        evict_after_us=8 * SECOND,
        leave_linger_us=400 * MS,
        stall_us=250 * MS,
    ),
)

LAN: Final = Config(
    membership=MembershipConfig(
        probe_period_us=SECOND,
        probe_timeout_us=500 * MS,
        indirect_probes=3,
        gossip_period_us=200 * MS,
        gossip_fanout=3,
        push_pull_period_us=30 * SECOND,
        retransmit_mult=4,
        suspicion_min_us=4 * SECOND,
        suspicion_max_us=24 * SECOND,
        suspicion_confirmations=2,
        crash_suspicion_us=2 * SECOND,
        reconnect_period_us=10 * SECOND,
        evict_after_us=600 * SECOND,
        leave_linger_us=SECOND,
        stall_us=500 * MS,
    ),
    ring=RingConfig(settle_us=SECOND),
    data=DataConfig(hint_retry_us=5 * SECOND),
    observe=ObserveConfig(pulse_period_us=SECOND),
    profile="lan",
)

PROFILES: Final[dict[ProfileName, Config]] = {"demo": DEMO, "lan": LAN}

FRAME_BYTES_MAX: Final = 24 * 1_048_576
"""The longest frame a peer may send; a longer one closes the link."""
STRANGER_FRAME_BYTES_MAX: Final = 2 * 1_048_576
"""The longest frame of a stream that has not introduced itself as a peer (a client's is)."""
PACKET_BYTES_MAX: Final = 1_400
"""The longest datagram a node sends (one Ethernet frame with room to spare)."""
