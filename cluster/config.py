"""Every bound, period and default of a node, with its unit and what raising it costs.

One small frozen class per machine, passed in whole. Nothing below the command reads the
environment. Times are whole microseconds (`_us`), sizes are bytes, unless the name says otherwise.

Two profiles: `DEMO` is quick enough for a stage; `LAN` follows memberlist's DefaultLANConfig
(hashicorp/memberlist, config.go) where it has the same parameter.
"""

from __future__ import annotations

from typing import Final, Literal

from msgspec import Struct

from cluster.bounds.flow import FlowConfig
from cluster.bounds.spread import SpreadConfig as SpreadConfig

MS: Final = 1_000
SECOND: Final = 1_000_000

ProfileName = Literal["demo", "lan"]
ArchitectureName = Literal["single", "primary", "failover", "majority", "masterless"]
ProbeScaling = Literal["none", "interval", "both"]


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
    """A suspect confirmed by enough others is declared dead after this, times max(1, log10 n)."""
    suspicion_max_us: int
    """A suspect that only we doubt is declared dead after this, times max(1, log10 n)."""
    suspicion_confirmations: int
    """How many other accusers bring the wait from max down to min (Lifeguard's K)."""
    crash_suspicion_us: int
    """The wait when the suspect's own kernel refused a connection: nothing listens there."""
    reconnect_period_us: int
    """How often this node looks whom to try again; also the first wait for each of them."""
    reconnect_max_us: int
    """Waits double up to this. More spares the network and is how long a heal may go unnoticed."""
    evict_after_us: int
    """A member dead this long is removed from the ring by a node that sees a majority."""
    leave_linger_us: int
    """How long a leaving node stays to spread its farewell."""
    stall_us: int
    """A timer this late means that we were paused: overdue probes are no evidence."""
    nack_after_us: int
    """A helper that heard nothing says so after this: 80 % of the probe timeout (Lifeguard)."""
    health_lag_us: int
    """Timers later than this are a sign that this node itself is slow."""
    health_max: int
    """The worst local health score; a period is then health_max + 1 times as long."""
    probe_scaling: ProbeScaling = "interval"
    """What local health makes longer (Lifeguard's LHA-Probe): memberlist the interval, the paper
    both interval and timeout."""
    nacks: bool = True
    """Helpers are asked for nacks (LHA-Probe); without, each failed probe speaks against us."""
    suspicion: Literal["fixed", "dynamic"] = "dynamic"
    """Whether confirmations shorten a suspicion (LHA-Suspicion); fixed is always the minimum."""
    buddy: bool = True
    """A ping to a suspect tells it of the suspicion (Buddy System)."""
    reconnect_tries: int = 3
    """How many of the gone are tried in one reconnect period."""
    greetings_max: int = 32
    """Remembered members that a restarted node greets itself; gossip tells the rest. Each costs a
    whole view."""
    flap_window_us: int = 60 * SECOND
    """Returns of a member within this are counted together (Serf: 60 s)."""

    def push_pull_us(self, members: int) -> int:
        """The push/pull period in a cluster of this size.

        One more period per doubling above 32 members (memberlist, util.go pushPullScale).
        """
        others = members - 1
        if others <= 32:
            return self.push_pull_period_us
        return self.push_pull_period_us * ((others // 32).bit_length() + 1)

    def heal_bound_us(self, members: int) -> int:
        """One view is back this long after a partition of any length has healed.

        Every gone member has been tried once by everybody who misses it after the longest wait
        and the one period in which it falls due, or, if they are many, after as many periods as
        `reconnect_tries` a period need. One answered try brings two sides together; gossip does
        the rest, and whom it misses hears of it by push/pull: twice, for accusation and answer.
        Holds without loss of packets on the healed network.
        """
        periods = -(-members // self.reconnect_tries)
        tried = max(self.reconnect_max_us, periods * self.reconnect_period_us)
        return tried + self.reconnect_period_us + 2 * self.push_pull_us(members)


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
    speculate_after_us: int = 30 * MS
    """A read whose replicas are not all back by then, or by the p99 of the last reads if that is
    later, asks one more, once. Raising it saves messages and lets one slow replica slow reads."""
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
    context_entries_max: int = 1_024
    """Entries of a key's causal context past which a write is refused: one for each boot of each
    replica that wrote it. Well below what a message may carry, so that the contexts of several
    sides of a split still fit one together."""
    record_bytes_max: int = 3 * 1_048_576
    """The same for the bytes of all its values: five sides of a split must still fit one frame."""
    set_elements_max: int = 10_000
    """Elements of a set. Each change of a typed value rewrites it whole: its cost grows with this."""
    map_fields_max: int = 1_000
    """Fields of a map."""
    hints_max: int = 20_000
    """Hints kept per absent member; past it new hints are refused (and said). A disk that refuses to
    forget a batch that went home may put it back on top."""
    hint_window_us: int = 600 * SECOND
    """A hint older than this is given up, loudly: by then its target should come home by trees.
    Longer keeps the quick way home open, and the notes on disk."""
    hint_batch: int = 64
    hint_retry_us: int = 500 * MS
    transfer_page_bytes: int = 262_144
    transfers_parallel: int = 4
    """Partitions filled at once by one new owner."""
    transfer_retry_us: int = 100 * MS
    """A transfer that must wait looks again after this, then after twice this, up to ten times."""
    transfer_timeout_us: int = 400 * MS
    """A source that leaves a page unanswered this long is given up for another (a page is up to
    `record_bytes_max`; a source that does not know the asker yet does not answer)."""
    transfer_bytes_per_s: int = 64 * 1_048_576
    """What this node fetches a second; 0 is no limit. More fills sooner and slows clients."""
    drain_max_us: int = 5 * SECOND
    """A leaving node waits this long for others to take over what it held; then it leaves anyway,
    and says so. A drain without a leave has no bound."""
    transfer_told_us: int = 500 * MS
    """A running transfer says how far it is this often."""


class RepairConfig(Struct, frozen=True):
    """Hash trees and their comparison: how soon copies that drifted apart are equal again."""

    tree_leaves: int = 256
    """Leaves per partition, a power of two, equal on all nodes. More leaves find a difference
    among fewer keys and cost 8 bytes each, per partition held."""
    page_bytes: int = 65_536
    """Records read for one input, building or comparing. More is quicker and blocks longer."""
    build_pause_us: int = 20 * MS
    """Between two pages of a build. Longer leaves more room for clients."""
    rebuild_period_us: int = 6 * 3_600 * SECOND
    """All trees are read from the disk again this often: how long bit rot may go unnoticed."""
    exchange_period_us: int = 120 * SECOND
    """Each pair of owners compares its roots this often: how long a silent difference may last."""
    exchange_timeout_us: int = 2 * SECOND
    """A step of a comparison that is not answered in time ends it; the next one goes on."""
    leaves_per_round: int = 64
    """Leaves mended in one round (Riak: 64). More is quicker and keeps the pair busy longer."""
    partitions_per_round: int = 16
    """Partitions whose leaves travel in one round: the size of that message."""
    strays_per_round: int = 4
    """Copies of partitions this node does not own that one round brings home to an owner."""
    keys_per_message: int = 512
    """Keys compared in one step."""
    rounds_in_a_row: int = 64
    """Rounds that follow each other at once while there is more to mend; then the period again."""
    quiet_us: int = 500 * MS
    """A leaf written to this recently is not compared: the write is on its way to the others."""
    busy_operations: int = 256
    """With more operations open here a round waits (Dynamo 6.5: background work yields)."""
    busy_rounds_max: int = 10
    """A round is put off at most this often in a row, or steady load would end all repair."""


class ReapConfig(Struct, frozen=True):
    """Tombstones: how long they stay at least, and how much is done at once to be rid of them.

    They are safe whatever these are: what nobody can bring back is agreed, not waited for.
    """

    tombstone_grace_us: int = 3_600 * SECOND
    """A deleted key keeps its tombstone this long, and a reaped one is sealed against late
    messages as long again. Longer holds more on disk and bears messages that are later still."""
    period_us: int = 10 * SECOND
    """Each node looks for tombstones, and proposes one batch, this often."""
    round_timeout_us: int = 5 * SECOND
    """A proposal that some member has not answered by then is given up."""
    batch: int = 256
    """Keys proposed at once. More is quicker, and one message to every member is larger."""
    scan_bytes: int = 65_536
    """Records read in one look: how much of the disk's time looking takes."""
    seals_max: int = 8_192
    """Keys sealed at one node; past it tombstones wait. The seals are one blob, written whole
    with each batch confirmed: about 100 bytes a key."""


class ArchitectureConfig(Struct, frozen=True):
    """Which of the five a cluster is, and how its masters are timed. Equal on all nodes."""

    kind: ArchitectureName = "masterless"
    founders: tuple[str, ...] = ()
    """Whom the cluster was founded with. The first is the fixed master of `single` and `primary`;
    all of them, and nobody else, vote in `majority`. Empty only for `masterless`."""
    queue_max: int = 64
    """Requests that may wait for the one process of `primary`; more are refused. 0 is no limit:
    the lesson of pair 5, never a good idea."""
    herald_period_us: int = 100 * MS
    """A master says that it is there this often."""
    failover_after_us: int = SECOND
    """A follower that has not heard a master for this long, and is the lowest live name, takes its
    place; the next lowest waits twice as long. Shorter is quicker, and more often wrong."""
    election_after_us: int = 700 * MS
    """A voter that has not heard a master for this long to twice as long stands for election; a
    master that has not heard a majority for as long gives up."""
    survey_bytes: int = 262_144
    """Records in one page when a master is copied or a majority is asked what it has."""
    survey_timeout_us: int = 500 * MS
    """A page that does not come within this is asked for again."""


class RoomsConfig(Struct, frozen=True):
    """Named processes: how many, how full, how often they may crash, how fast they move."""

    rooms_max: int = 10_000
    """Rooms that one node runs; it refuses to start more."""
    mailbox_max: int = 256
    """Messages that wait in one room: to be begun, or for the disks. More are refused, at once and
    clearly. More room hides an overload for longer and makes everybody wait."""
    message_bytes_max: int = 16_384
    state_bytes_max: int = 262_144
    """A room's state. Each answered call may write all of it W times."""
    calls_max: int = 4_096
    """Calls of clients that wait at one node for rooms anywhere; more are refused."""
    call_timeout_us: int = 5 * SECOND
    """A caller has its answer by then (`gen_server:call` waits as long), if only that nobody knows."""
    tick_us: int = 100 * MS
    """Whatever waits is looked after this often, while anything does."""
    claims_parallel: int = 32
    """Rooms that one node starts at once. More is quicker after a death, and crowds out clients."""
    claim_retry_us: int = 150 * MS
    """A start that found no quorum is tried again after this, then twice this, up to ten times."""
    moves_parallel: int = 8
    """Rooms that one node gives away at once. More ends a drain sooner; each of them is without
    service for as long as its own move takes."""
    moves_per_s: int = 200
    """Rooms that one node gives away in a second: what a join may cost the others."""
    move_timeout_us: int = 500 * MS
    """A move that is not confirmed by then is asked for again."""
    bring_us: int = 5 * SECOND
    """A node that holds a name and does not give it up is claimed over after this long: it may be
    cut off from here alone, and a token keeps it from doing harm. Shorter starts twins sooner."""
    watch_us: int = 2 * SECOND
    """A node with listeners tells a room's home this often; the room publishes for twice this long.
    Longer costs fewer messages, and a room that moved may be silent for longer."""
    doubt_us: int = SECOND
    """A node that did not run for this long asks whether its rooms are still its own."""
    restarts_max: int = 3
    """A supervisor bears so many restarts within `restarts_window_us` (Elixir's `max_restarts`)."""
    restarts_window_us: int = 5 * SECOND
    """Elixir's `max_seconds`."""
    boot_scan_bytes: int = 262_144
    """Records read in one go when a node that comes up looks which rooms it knows."""


class ObserveConfig(Struct, frozen=True):
    """How much a node says about itself."""

    pulse_period_us: int = 250 * MS
    """Exact totals, rates and depths are stated this often."""
    traced_messages_per_s: int = 60
    """Messages reported one by one; the rest are only counted (totals stay exact)."""
    traced_broadcasts_per_s: int = 4
    """Broadcasts that this node publishes whose way every node tells: one fact at each of them."""
    told_broadcasts_per_s: int = 100
    """Arrivals of all nodes' broadcasts that this node tells; more crowd other facts out."""
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
    repair: RepairConfig = RepairConfig()
    reap: ReapConfig = ReapConfig()
    rooms: RoomsConfig = RoomsConfig()
    flow: FlowConfig = FlowConfig()
    observe: ObserveConfig = ObserveConfig()
    architecture: ArchitectureConfig = ArchitectureConfig()
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
        reconnect_max_us=2_800 * MS,
        evict_after_us=8 * SECOND,
        leave_linger_us=400 * MS,
        stall_us=250 * MS,
        nack_after_us=96 * MS,
        health_lag_us=100 * MS,
        health_max=3,
        flap_window_us=30 * SECOND,
    ),
    repair=RepairConfig(rebuild_period_us=60 * SECOND, exchange_period_us=2 * SECOND),
    reap=ReapConfig(tombstone_grace_us=30 * SECOND, period_us=SECOND, round_timeout_us=2 * SECOND),
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
        reconnect_max_us=60 * SECOND,
        evict_after_us=600 * SECOND,
        leave_linger_us=SECOND,
        stall_us=500 * MS,
        nack_after_us=400 * MS,
        health_lag_us=200 * MS,
        health_max=7,
    ),
    ring=RingConfig(settle_us=SECOND),
    data=DataConfig(
        hint_window_us=3 * 3_600 * SECOND,
        hint_retry_us=5 * SECOND,
        transfer_timeout_us=5 * SECOND,
        transfer_bytes_per_s=24 * 1_048_576,
        transfer_told_us=SECOND,
        drain_max_us=60 * SECOND,
    ),
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
EPOCH_AHEAD_MS_MAX: Final = 7 * 86_400_000
"""Epochs are milliseconds since 1970 at boot: one further ahead is nonsense, and not followed."""
FLAPS_COUNTED_MAX: Final = 64
"""Returns of one member that are remembered at once; more cost memory and say no more."""
