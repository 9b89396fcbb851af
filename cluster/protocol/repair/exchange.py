"""Comparing trees with the other owners, and mending what differs, in both directions.

Each pair of owners compares the roots of all partitions it shares once a period (one small pair of
messages); whoever's time comes first begins. Where roots differ the leaves are compared, and in
each differing leaf the keys: what one end lacks it is given, as a merge, so nothing is ever lost
by it. All steps are driven by the one who began: the other end keeps no state, a lost answer ends
the round, and the next round compares anew and so goes on where this one stopped.

Bounded: one round at a time per node, `leaves_per_round` leaves in it, one page per step. Yields
to clients (`busy_operations`). A copy this node does not own is compared one way only: the owner
gets what it lacks, and `protocol.repair.strays` hears when it lacks nothing any more.
"""

from __future__ import annotations

from msgspec.structs import replace

from cluster.config import RepairConfig
from cluster.model.facts import TreeCompared
from cluster.model.fingerprint import fingerprint
from cluster.model.member import NOBODY, NodeId
from cluster.model.summary import Likeness
from cluster.model.versions import Versions, merge
from cluster.protocol.messages import ReplicaWritten
from cluster.protocol.outbox import Outbox
from cluster.protocol.quorum.book import Book
from cluster.protocol.quorum.placement import Placement
from cluster.protocol.quorum.replica import Replica
from cluster.protocol.repair.leaf import Leaves
from cluster.protocol.repair.messages import (
    REPAIR_NUMBERS,
    LeafKeys,
    LeafPush,
    LeafRecords,
    TreeLeaves,
    TreeRoots,
)
from cluster.protocol.repair.round import Round
from cluster.protocol.repair.strays import Strays
from cluster.protocol.repair.tree import Trees
from cluster.protocol.swim.membership import Membership


class Exchange:
    """All comparisons of one node."""

    def __init__(
        self,
        out: Outbox,
        config: RepairConfig,
        members: Membership,
        placement: Placement,
        trees: Trees,
        leaves: Leaves,
        replica: Replica,
        book: Book,
        strays: Strays,
    ) -> None:
        self._out = out
        self._config = config
        self._members = members
        self._placement = placement
        self._trees = trees
        self._leaves = leaves
        self._replica = replica
        self._book = book
        self._strays = strays
        self.filling: set[int] = set()
        """Partitions this node owns but is still filling (kept by transfers)."""
        self._shared: dict[NodeId, tuple[int, ...]] = {}
        self._shared_under: tuple[str, tuple[int, ...]] = ("", ())
        self._due: dict[NodeId, int] = {}
        self._likeness: dict[NodeId, Likeness] = {}
        self._row: dict[NodeId, int] = {}
        """Rounds that followed each other at once."""
        self._round: Round | None = None
        self._number = out.numbers
        self._put_off = 0
        self._not_before = 0

    # --- with whom, and how it stands ---------------------------------------------------------

    def _partners(self) -> dict[NodeId, tuple[int, ...]]:
        """The partitions shared with each other owner; an owner of a stray copy may share none."""
        ring = self._placement.ring
        under = (ring.digest, self._strays.held)
        if under != self._shared_under:
            found: dict[NodeId, list[int]] = {}
            for partition, owners in enumerate(ring.owners):
                if self._out.name in owners:
                    for owner in owners:
                        if owner != self._out.name:
                            found.setdefault(owner, []).append(partition)
            for partition in self._strays.held:
                for owner in ring.owners[partition]:
                    found.setdefault(owner, [])
            self._shared_under = under
            self._shared = {name: tuple(found[name]) for name in sorted(found)}
            self._likeness = {n: like for n, like in self._likeness.items() if n in found}
            self._due = {n: due for n, due in self._due.items() if n in found}
        return self._shared

    def table(self) -> tuple[Likeness, ...]:
        """How this node's trees compare with each other owner's."""
        return tuple(
            self._likeness.get(peer) or Likeness(peer, 0, len(shared))
            for peer, shared in self._partners().items()
            if shared
        )

    def _owns(self, partition: int) -> bool:
        ring = self._placement.ring
        return partition < ring.partitions and self._out.name in ring.owners[partition]

    def _ready(self, partition: int) -> bool:
        return partition not in self.filling and self._trees.ready(partition)

    def _note(self, likeness: Likeness, compared: int, round_: Round | None) -> None:
        """Keep how a comparison came out; tell what changed."""
        before = self._likeness.get(likeness.peer)
        self._likeness[likeness.peer] = likeness
        differ = round_.leaves_differ if round_ is not None else 0
        news = likeness.clean and (before is None or not before.clean)
        if news or differ:
            took = self._out.now - round_.started if round_ is not None else 0
            repaired = round_.repaired if round_ is not None else 0
            left = likeness.differing + likeness.unready
            self._out.emit(TreeCompared(likeness.peer, compared, differ, repaired, took, left))

    # --- when ---------------------------------------------------------------------------------

    def boot(self) -> None:
        """Begin to compare."""
        self._out.set_timer(("exchange",), self._out.now + self._config.exchange_period_us)

    def tick(self) -> None:
        """Begin the next round, or end one that is not answered."""
        now, config = self._out.now, self._config
        round_ = self._round
        if round_ is not None and now - round_.asked_at >= config.exchange_timeout_us:
            self._end(heard=False)
        if self._round is None:
            self._strays.look()
            self._begin()
        self._arm()

    def _arm(self) -> None:
        now, config = self._out.now, self._config
        if self._round is not None:
            due = self._round.asked_at + config.exchange_timeout_us
        else:
            due = min(
                (self._due_at(p) for p in self._partners() if self._members.alive(p)),
                default=now + config.exchange_period_us,
            )
        due = max(due, self._not_before, now + config.build_pause_us)
        self._out.set_timer(("exchange",), due)

    def _due_at(self, peer: NodeId) -> int:
        due = self._due.get(peer)
        if due is None:
            due = self._due[peer] = self._out.now + self._patience(peer)
        return due

    def _patience(self, peer: NodeId) -> int:
        """The one with the lower name begins; the other only when that did not happen."""
        period = self._config.exchange_period_us
        return period if self._out.name < peer else period * 3 // 2

    def _begin(self) -> None:
        now, config = self._out.now, self._config
        partners = self._partners()
        alive = [p for p in partners if self._members.alive(p)]
        due = [p for p in alive if self._due_at(p) <= now]
        if not due or now < self._not_before:
            return
        if len(self._book.open) > config.busy_operations and self._put_off < config.busy_rounds_max:
            self._put_off += 1
            self._not_before = now + config.exchange_period_us // 4
            return
        self._put_off = 0
        peer = min(due, key=lambda p: (self._due[p], p))
        shared = partners[peer]
        roots = [(p, self._trees.root(p)) for p in shared if self._ready(p)]
        likeness = Likeness(peer, now, len(shared), unready=len(shared) - len(roots))
        self._number += 1
        digest = self._placement.ring.digest
        round_ = Round(peer, digest, now, now, self._number, likeness, len(roots))
        self._round = round_
        strays = [p for p in self._strays.unproved(peer) if self._trees.ready(p)]
        round_.strays = {p: self._trees.root(p) for p in strays[: config.strays_per_round]}
        if round_.strays:
            self._strays.tried(peer, max(round_.strays, key=strays.index))
        # First, so that their leaves travel however many others differ.
        roots[:0] = round_.strays.items()
        address = self._members.address(peer)
        self._out.send(peer, address, "stream", TreeRoots(self._number, digest, tuple(roots)))

    def peer_lost(self, name: NodeId) -> None:
        """The link to a peer broke."""
        if self._round is not None and self._round.peer == name:
            self._end(heard=False)
            self._arm()

    def peer_alive(self, name: NodeId) -> None:
        """A member is back, or new: what is known of its trees may be of an earlier life."""
        self._likeness.pop(name, None)
        self._due[name] = self._out.now + self._patience(name) // 4
        self._arm()

    def ring_changed(self) -> None:
        """Other partners, other partitions; what this node has just ceased to own goes first."""
        self._round = None
        self._likeness.clear()
        self._strays.ring_changed()
        soon = self._out.now + self._config.quiet_us
        self._due.update(dict.fromkeys(self._strays.owners(), soon))
        self._arm()

    def _end(self, *, heard: bool) -> None:
        """The round is over; `heard` says that the peer took part to the end."""
        round_, self._round = self._round, None
        if round_ is None:
            return
        peer, config = round_.peer, self._config
        row = self._row.pop(peer, 0) + 1
        if heard:
            for partition, root in round_.strays.items():
                self._strays.equal(partition, peer, root)
        going_on = round_.repaired > 0 or (heard and bool(self._strays.unproved(peer)))
        more = going_on and row < config.rounds_in_a_row
        if more:
            self._row[peer] = row
        # What is not known to be equal is looked at again sooner, what was mended at once.
        patience = self._patience(peer) // (1 if round_.likeness.clean and heard else 4)
        self._due[peer] = self._out.now + (config.build_pause_us if more else patience)
        if heard:
            self._note(round_.likeness, round_.compared, round_)

    # --- the one who began --------------------------------------------------------------------

    def _current(self, number: int, sender: NodeId) -> Round | None:
        round_ = self._round
        if round_ is None or round_.number != number or round_.peer != sender:
            return None
        if round_.digest != self._placement.ring.digest:
            self._end(heard=False)
            return None
        return round_

    def _give_up(self, round_: Round | None) -> None:
        if round_ is not None:
            self._end(heard=False)
            self._arm()

    def on_leaves(self, answer: TreeLeaves, sender: NodeId) -> None:
        """The other end said which roots differ: find the leaves that do."""
        round_ = self._current(answer.number, sender)
        if round_ is None or answer.refused:
            self._give_up(round_)
            return
        differing = moving = 0
        if answer.unready:
            # It does not say which: of those it does not name none is known to be equal.
            named = {partition for partition, _ in answer.differing}
            round_.strays = {p: root for p, root in round_.strays.items() if p in named}
        for partition, theirs in answer.differing:
            if partition in round_.strays:
                self._bring(round_, partition, theirs)
                continue
            if not self._owns(partition):
                continue
            if not theirs:
                differing += 1  # its leaves did not fit this round
                continue
            ours = self._trees.leaves(partition)
            if len(ours) != len(theirs):
                self._end(heard=False)
                self._arm()
                return
            apart = [i for i, (a, b) in enumerate(zip(ours, theirs, strict=True)) if a != b]
            cold = [leaf for leaf in apart if not self._trees.hot(partition, leaf)]
            differing += bool(cold)
            moving += bool(apart) and not cold
            round_.leaves_differ += len(cold)
            room = self._config.leaves_per_round - len(round_.leaves)
            round_.leaves.extend((partition, leaf) for leaf in cold[:room])
        round_.likeness = replace(
            round_.likeness,
            differing=differing,
            moving=moving,
            unready=round_.likeness.unready + answer.unready,
        )
        self._ask()

    def _bring(self, round_: Round, partition: int, theirs: tuple[int, ...]) -> None:
        """A stray copy differs: all its leaves are gone through, or it is not proved this time."""
        ours = self._trees.leaves(partition)
        apart = [i for i, leaf in enumerate(ours) if leaf and theirs[i : i + 1] != (leaf,)]
        if len(ours) != len(theirs) or any(self._trees.hot(partition, leaf) for leaf in apart):
            del round_.strays[partition]
        else:
            round_.leaves.extend((partition, leaf) for leaf in apart)

    def _ask(self) -> None:
        """Compare the keys of the next differing leaf, from where it stands."""
        round_ = self._round
        if round_ is None:
            return
        if not round_.leaves:
            self._end(heard=True)
            self._arm()
            return
        partition, leaf = round_.leaves[0]
        rows, upto = self._leaves.page(partition, leaf, round_.after)
        round_.rows = dict(rows)
        keys = tuple((key, fingerprint(key, versions)) for key, versions in rows)
        number = self._step(round_)
        body = LeafKeys(number, round_.digest, partition, leaf, round_.after, upto, keys)
        self._out.send(round_.peer, self._members.address(round_.peer), "stream", body)

    def _step(self, round_: Round) -> int:
        self._number += 1
        round_.number = self._number
        round_.asked_at = self._out.now
        return self._number

    def on_records(self, answer: LeafRecords, sender: NodeId) -> None:
        """What the other end holds differently and what it lacks: merge, then push."""
        round_ = self._current(answer.number, sender)
        if round_ is None or answer.refused or not round_.leaves:
            self._give_up(round_)
            return
        partition, _ = round_.leaves[0]
        push: dict[bytes, Versions] = {}
        for key, theirs in answer.records:
            ours = round_.rows.get(key)
            merged = theirs if ours is None else merge(ours, theirs)
            if merged != ours and partition not in round_.strays:
                self._replica.write(partition, key, theirs, NOBODY, _ignore)
                round_.repaired += 1
            if merged != theirs:
                push[key] = merged
        for key in answer.wanted:
            ours = round_.rows.get(key)
            if ours is not None:
                push[key] = ours
        round_.next = answer.upto
        if not push:
            self._advance(round_)
            return
        round_.pushing = len(push)
        number = REPAIR_NUMBERS - self._step(round_)
        body = LeafPush(number, round_.digest, partition, tuple(push.items()))
        self._out.send(sender, self._members.address(sender), "stream", body)

    def pushed(self, number: int, sender: NodeId, refused: str) -> None:
        """The other end has what was pushed on disk."""
        round_ = self._current(REPAIR_NUMBERS - number, sender)
        if round_ is None or not round_.pushing:
            return
        if refused:
            self._give_up(round_)
            return
        round_.repaired += round_.pushing
        round_.pushing = 0
        self._advance(round_)

    def _advance(self, round_: Round) -> None:
        """Go on after what was just compared."""
        round_.after = round_.next
        if not round_.after:
            round_.leaves.popleft()
        self._ask()

    # --- the other end ------------------------------------------------------------------------

    def _refusal(self, digest: str, sender: NodeId) -> str:
        if sender not in self._members.claims:
            return "a stranger"
        if digest != self._placement.ring.digest:
            return f"{self._out.name} follows another ring"
        return ""

    def on_roots(self, roots: TreeRoots, sender: NodeId) -> None:
        """Another owner compares: say where we differ."""
        refused = self._refusal(roots.digest, sender)
        busy = self._round is not None and self._round.peer == sender
        if not refused and busy and self._out.name < sender:
            refused = "both began at once"
        if refused:
            self._answer(sender, TreeLeaves(roots.number, refused))
            return
        unready = 0
        differing: list[tuple[int, tuple[int, ...]]] = []
        for partition, root in roots.roots:
            if not self._owns(partition):
                continue
            if not self._ready(partition):
                unready += 1
            elif self._trees.root(partition) != root:
                room = len(differing) < self._config.partitions_per_round
                differing.append((partition, self._trees.leaves(partition) if room else ()))
        shared = len(self._partners().get(sender, ()))
        if shared and not differing and not unready and len(roots.roots) == shared:
            self._due[sender] = self._out.now + self._patience(sender)
            self._note(Likeness(sender, self._out.now, shared), shared, None)
        self._answer_on_disk(sender, TreeLeaves(roots.number, "", unready, tuple(differing)))

    def on_keys(self, keys: LeafKeys, sender: NodeId) -> None:
        """Another owner shows what it holds of a leaf."""
        refused = self._refusal(keys.digest, sender)
        if not refused and not self._owns(keys.partition):
            refused = "not an owner"
        if refused:
            self._answer(sender, LeafRecords(keys.number, refused))
        else:
            self._answer_on_disk(sender, self._leaves.compare(keys))

    def on_push(self, push: LeafPush, sender: NodeId) -> None:
        """Another owner gives what we lacked: merge, and say so once it is on disk."""
        refused = self._refusal(push.digest, sender)
        if not refused and not self._owns(push.partition):
            refused = "not an owner"
        if refused:
            self._answer(sender, ReplicaWritten(push.number, refused))
            return
        for key, versions in push.records:
            self._replica.write(push.partition, key, versions, NOBODY, _ignore)
        # The barrier: writes come back in order, so this one speaks for all of them.
        self._out.persist(
            (), lambda refusal: self._answer(sender, ReplicaWritten(push.number, refusal))
        )

    def _answer_on_disk(self, to: NodeId, body: TreeLeaves | LeafRecords) -> None:
        """What we say we hold must survive us: a stray copy may be dropped on our word."""

        def durable(refused: str) -> None:
            if not refused:
                self._answer(to, body)

        self._out.persist((), durable)

    def _answer(self, to: NodeId, body: TreeLeaves | LeafRecords | ReplicaWritten) -> None:
        if to in self._members.claims:
            self._out.send(to, self._members.address(to), "stream", body)


def _ignore(_refused: str) -> None:
    """The barrier after the last write speaks for all."""
