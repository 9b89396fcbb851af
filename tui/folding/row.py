"""What a node's own facts change in its row: state, beliefs, places, depths.

Each function takes the row as it was and gives it as it is. Facts of one node come in their
order, so the latest word wins; what an earlier life said never reaches these functions.
"""

from __future__ import annotations

from msgspec.structs import replace

from cluster.model.facts import (
    DrainEnded,
    DrainProgressed,
    Fact,
    FaultHealed,
    FaultInjected,
    HintsDelivered,
    HintsHandedOver,
    HintStored,
    MasterChosen,
    MemberChanged,
    NodeStarted,
    NodeStopped,
    PartitionFilled,
    PersistFailed,
    PulseReported,
    ReignBegan,
    ReignEnded,
    RingChanged,
    SnapshotTaken,
    SuspicionConfirmed,
    SuspicionRaised,
    SuspicionRefuted,
    TransferCancelled,
    TransferProgressed,
    TransferResumed,
    TransferStalled,
    TransferStarted,
    TransferWaited,
    TreeCompared,
)
from cluster.model.member import MemberState, NodeId
from cluster.model.summary import Depth, Likeness, RingTable, Rule, TransferRow
from tui.seen.traffic import weigh
from tui.view import SAMPLES_US, Belief, NodeView, Sample

NEW_BELIEF = Belief(MemberState.ALIVE, 0, 0, 0, NodeId(""), "boot", NodeId(""))


def new_life(node: NodeView, epoch: int) -> NodeView:
    """A node that was born again: what it believed and held must be told anew."""
    return NodeView(
        name=node.name,
        epoch=epoch,
        profile=node.profile,
        pid=node.pid,
        gossip=node.gossip,
        window=node.window,
        process=node.process,
        process_since=node.process_since,
        samples=node.samples,
        write_quorum=node.write_quorum,
        read_quorum=node.read_quorum,
        architecture=node.architecture,
    )


def lifecycle(
    node: NodeView, fact: Fact, payload: NodeStarted | NodeStopped | PersistFailed
) -> NodeView:
    """It came up, ended on purpose, or its disk did not take a write."""
    match payload:
        case NodeStarted():
            return replace(
                node,
                profile=payload.profile,
                pid=payload.pid,
                started_at=fact.at,
                keys=payload.restored_keys,
            )
        case NodeStopped():
            return replace(node, departed=True)
        case PersistFailed():
            return replace(node, refused_at=fact.at, refusal=payload.reason)


def snapshot(node: NodeView, fact: Fact, payload: SnapshotTaken) -> NodeView:
    """Its whole state at once."""
    beliefs: dict[NodeId, Belief] = {}
    heard: dict[NodeId, int] = {}
    departed = False
    for fate in payload.members:
        claim = fate.claim
        if claim.name == node.name:
            departed = claim.state is MemberState.LEFT
            continue
        heard[claim.name] = fate.heard
        old = node.beliefs.get(claim.name)
        if old is not None and (old.state, old.epoch) == (claim.state, claim.epoch):
            beliefs[claim.name] = replace(old, incarnation=claim.incarnation)
            continue
        beliefs[claim.name] = Belief(
            claim.state,
            claim.epoch,
            claim.incarnation,
            fate.since or fact.at,
            claim.accuser,
            "boot",
            NodeId(""),
        )
    return replace(
        node,
        incarnation=payload.incarnation,
        profile=payload.profile,
        pid=payload.pid,
        gossip=payload.gossip,
        window=payload.window,
        started_at=payload.started_at,
        beliefs=beliefs,
        heard=heard,
        ring=payload.ring if payload.ring.partitions else None,
        ringless=not payload.ring.partitions,
        keys=payload.keys,
        filling=len(payload.filling),
        filling_partitions=payload.filling,
        waiting_on=node.waiting_on if payload.filling else "",
        transfers={each.partition: each for each in payload.transfers},
        drain=payload.drain,
        stock=payload.stock,
        hints=payload.hints,
        faults=payload.faults,
        faults_allowed=payload.faults_allowed,
        write_quorum=payload.write_quorum,
        read_quorum=payload.read_quorum,
        departed=departed,
        trees=payload.trees,
        architecture=payload.architecture,
        rule=payload.rule,
        telling=payload.telling,
        refused_at=fact.at if payload.trouble else node.refused_at,
        refusal=payload.trouble or node.refusal,
    )


def pulse(node: NodeView, fact: Fact, payload: PulseReported) -> NodeView:
    """Its totals of one period."""
    sample = Sample(
        at=fact.at,
        interval_us=payload.interval_us,
        rates=payload.rates,
        sent=payload.sent,
        bytes_out=payload.bytes_out,
        bytes_in=payload.bytes_in,
        dropped=sum(payload.dropped.values()),
        hints=sum(depth.count for depth in payload.hints),
        lag_us=payload.lag_us,
        resident_bytes=payload.resident_bytes,
        weights=weigh(payload.weights),
        disk_bytes=payload.disk_bytes,
    )
    samples = node.samples
    oldest = fact.at - SAMPLES_US
    first = 0
    while first < len(samples) and samples[first].at < oldest:
        first += 1
    return replace(
        node,
        incarnation=payload.incarnation,
        keys=payload.keys,
        filling=payload.filling,
        filling_partitions=node.filling_partitions if payload.filling else (),
        waiting_on=node.waiting_on if payload.filling else "",
        transfers=node.transfers if payload.filling else {},
        hints=payload.hints,
        heard={**node.heard, **payload.heard},
        view_digest=payload.view,
        health=payload.health,
        samples=(*samples[first:], sample),
        trees=payload.trees,
        queue=payload.queue,
        rooms=payload.rooms,
        topics=payload.topics,
        rooms_us=payload.interval_us,
        round_trips={**node.round_trips, **payload.round_trips},
        extras=payload.extras,
    )


Doubt = SuspicionRaised | SuspicionConfirmed | SuspicionRefuted


def belief(node: NodeView, fact: Fact, payload: MemberChanged | Doubt) -> NodeView:
    """A change in its row of the matrix."""
    match payload:
        case MemberChanged(claim=claim):
            if claim.name == node.name:
                return replace(node, departed=claim.state is MemberState.LEFT)
            name = claim.name
            old = node.beliefs.get(name, NEW_BELIEF)
            same = (old.state, old.epoch) == (claim.state, claim.epoch)
            running = same and old.incarnation == claim.incarnation
            new = Belief(
                state=claim.state,
                epoch=claim.epoch,
                incarnation=claim.incarnation,
                since=old.since if same else fact.at,
                accuser=claim.accuser,
                via=payload.via,
                teller=payload.teller,
                deadline=old.deadline if running else 0,
                confirmations=old.confirmations if running else 0,
            )
        case SuspicionRaised():
            name = payload.subject
            old = node.beliefs.get(name, NEW_BELIEF)
            known = old.state is MemberState.SUSPECT and old.epoch == payload.subject_epoch
            new = replace(
                old,
                state=MemberState.SUSPECT,
                epoch=payload.subject_epoch,
                incarnation=payload.incarnation,
                since=old.since if known else fact.at,
                accuser=payload.accuser,
                deadline=payload.deadline,
                confirmations=0,
            )
        case SuspicionConfirmed():
            name = payload.subject
            held = node.beliefs.get(name)
            if held is None or held.state is not MemberState.SUSPECT:
                return node
            new = replace(held, deadline=payload.deadline, confirmations=payload.confirmations)
        case SuspicionRefuted():
            return replace(node, incarnation=payload.incarnation)
    return replace(node, beliefs={**node.beliefs, name: new})


Placing = RingChanged | PartitionFilled | DrainProgressed | DrainEnded


def placing(node: NodeView, payload: Placing) -> NodeView:
    """Its places on the ring, which of them it still fills, and how it gives them up."""
    match payload:
        case DrainProgressed():
            return replace(node, drain=payload.row)
        case DrainEnded():
            return replace(node, drain=None if payload.how == "undone" else payload.row)
        case RingChanged():
            gained = _owned(payload.ring, node.name) - _owned(node.ring, node.name)
            waiting = {*node.filling_partitions, *gained} & _owned(payload.ring, node.name)
            if not payload.gained:
                waiting &= set(node.filling_partitions)
            return replace(
                node,
                ring=payload.ring,
                filling_partitions=tuple(sorted(waiting)),
                filling=len(waiting),
                transfers={p: each for p, each in node.transfers.items() if p in waiting},
            )
        case PartitionFilled():
            left = tuple(p for p in node.filling_partitions if p != payload.partition)
            rows = {p: each for p, each in node.transfers.items() if p != payload.partition}
            return replace(
                node,
                filling=payload.remaining,
                filling_partitions=left if payload.remaining else (),
                waiting_on=node.waiting_on if payload.remaining else "",
                transfers=rows if payload.remaining else {},
            )


Moved = (
    TransferStarted
    | TransferProgressed
    | TransferWaited
    | TransferStalled
    | TransferCancelled
    | TransferResumed
)


def moved(node: NodeView, payload: Moved) -> NodeView:
    """How one of its transfers stands."""
    partition = payload.partition
    old = node.transfers.get(partition)
    if old is None:
        old = TransferRow(partition, "queued", NodeId(""), (), 0, 0, 0, 0, None, "")
    still = replace(old, source=NodeId(""), rate=0, eta_us=None)
    match payload:
        case TransferStarted():
            new = replace(still, state="running", source=payload.source, waiting_on="")
        case TransferProgressed():
            new = replace(
                old,
                state="running",
                source=payload.source,
                keys=payload.keys,
                size=payload.size,
                rate=payload.rate,
                eta_us=payload.eta_us,
                waiting_on="",
            )
        case TransferWaited():
            node = replace(node, waiting_on=payload.waiting_on)
            new = replace(still, state="waiting", waiting_on=payload.waiting_on)
        case TransferStalled():
            new = replace(still, state="queued", waiting_on="")
        case TransferCancelled():
            new = replace(still, state="cancelled", waiting_on="cancelled by the operator")
        case TransferResumed():
            new = replace(still, state="queued", waiting_on="")
    return replace(node, transfers={**node.transfers, partition: new})


def _owned(ring: RingTable | None, name: NodeId) -> set[int]:
    if ring is None or name not in ring.members:
        return set()
    index = ring.members.index(name)
    return {partition for partition, owners in enumerate(ring.owners) if index in owners}


def depths(
    node: NodeView, fact: Fact, payload: HintStored | HintsDelivered | HintsHandedOver
) -> NodeView:
    """How many writes it keeps for an absent owner."""
    depth = payload.depth if isinstance(payload, HintStored) else payload.remaining
    old = next((d for d in node.hints if d.target == payload.target), None)
    others = [d for d in node.hints if d.target != payload.target]
    if depth:
        others.append(Depth(payload.target, depth, old.oldest_at if old else fact.at))
    return replace(node, hints=tuple(sorted(others, key=lambda d: d.target)))


def likeness(node: NodeView, fact: Fact, payload: TreeCompared) -> NodeView:
    """How its trees compare with another's, as a round found them."""
    others = [like for like in node.trees if like.peer != payload.peer]
    old = next((like for like in node.trees if like.peer == payload.peer), None)
    shared = old.shared if old is not None else payload.partitions
    others.append(Likeness(payload.peer, fact.at, shared, payload.left))
    return replace(node, trees=tuple(sorted(others, key=lambda like: like.peer)))


def own_fault(node: NodeView, payload: FaultInjected | FaultHealed) -> NodeView:
    """A fault in its own transport began or ended, in words."""
    peers = " ".join(payload.peers)
    match payload:
        case FaultInjected():
            word = f"{payload.kind} {peers or payload.detail}".strip()
            return node if word in node.faults else replace(node, faults=(*node.faults, word))
        case FaultHealed(kind="heal"):
            return replace(node, faults=())
        case FaultHealed():
            kept = tuple(f for f in node.faults if not f.startswith(payload.kind))
            return replace(node, faults=kept)


Reigning = MasterChosen | ReignBegan | ReignEnded


def reigning(node: NodeView, payload: Reigning) -> NodeView:
    """Whom it takes for the master, and whether it acts as one."""
    match payload:
        case MasterChosen(master, term):
            return replace(node, rule=replace(node.rule, master=master, term=term))
        case ReignBegan(term):
            return replace(node, rule=Rule(node.name, term, leads=True))
        case ReignEnded():
            return replace(node, rule=replace(node.rule, leads=False))
