"""How a node gives up its places: others take over first, and only then may it go.

A draining node says so in its own claim, so that the ring goes on without it while it stays a live
member: it serves pages and reads, takes part in probing, and coordinates. It asks every member of
the new ring how far it is, and is done when

- every live owner of what it held answers for it (is filled), and enough of them for a write quorum
  are alive,
- of each partition in which it still has keys, one owner has taken all that *it* holds, and W
  owners hold it on disk: a write that this node acknowledged must not leave with it,
- every hint it keeps for others is delivered, or kept by another.

Then it may leave, within `drain_max_us` if it was told to leave; where nobody is left to take over
it leaves after a moment, and says so. Ignores how data moves (`protocol.transfer.transfers`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from msgspec import Struct, field

from cluster.config import Config
from cluster.model.facts import DrainEnded, DrainProgressed
from cluster.model.member import NodeId
from cluster.model.ring import Ring
from cluster.model.summary import DrainRow
from cluster.protocol.effects import Records
from cluster.protocol.messages import DrainAnswer, DrainAsk
from cluster.protocol.outbox import Outbox
from cluster.protocol.quorum.hints import Hints
from cluster.protocol.quorum.placement import Placement
from cluster.protocol.swim.membership import Membership
from cluster.protocol.transfer.transfers import Transfers

How = Literal["drained", "timeout", "alone", "undone"]


class _Owner(Struct):
    """What one member of the new ring has said."""

    number: int = 0
    """Of the latest question."""
    asked: tuple[int, ...] = ()
    digest: str = ""
    unfilled: frozenset[int] = field(default_factory=frozenset[int])


class Drain:
    """Both sides: this node giving up its places, and answering others that do."""

    def __init__(
        self,
        out: Outbox,
        config: Config,
        members: Membership,
        placement: Placement,
        records: Records,
        transfers: Transfers,
        hints: Hints,
    ) -> None:
        self._out = out
        self._config = config
        self._members = members
        self._placement = placement
        self._records = records
        self._transfers = transfers
        self._hints = hints
        self.wanted = False
        """This node has given up its places, or is about to."""
        self._leaving = False
        self._done = False
        self._began = 0
        self._held: set[int] = set()
        """What it owned when it began."""
        self._before: Ring = placement.ring
        self._owners: dict[NodeId, _Owner] = {}
        self._taken: dict[int, NodeId] = {}
        """Who has taken all that this node holds of a partition."""
        self._number = out.numbers
        self._alone_since = 0
        self._row = DrainRow(leaving=False, done=False, partitions=0, hints=0, waiting_on="")
        self._told: DrainRow = self._row
        self._told_at = 0
        self.homes: Callable[[int], int] = lambda _partition: 0
        """How many owners hold all of a partition that this node holds (`repair.strays`)."""
        self.rooms: Callable[[], str] = str
        """What a room that still runs here waits for; empty when none does."""
        self.on_leave: Callable[[How], None] = lambda _how: None
        """Called when a leaving node has nothing more to wait for."""

    # --- what the operator wants --------------------------------------------------------------

    def begin(self, *, leaving: bool) -> None:
        """Give up all places; with `leaving`, go when that is done."""
        if leaving and not self._leaving:
            self._leaving = True
            self._began = self._out.now
        if not self.wanted:
            self.wanted = True
            self._began = self._out.now
            self._before = self._placement.ring
            self._held = set(self._placement.owned())
            self._members.drain(on=True)
            self._hints.handing_over = True
        self._done = False
        self._alone_since = 0
        self._look()
        self._told_at = 0
        self._tell()
        self._arm()

    def undo(self) -> None:
        """Take places again."""
        if self.wanted and not self._leaving:
            self.wanted = False
            self._hints.handing_over = False
            self._members.drain(on=False)
            self._end("undone")
            self._owners.clear()
            self._taken.clear()

    def row(self) -> DrainRow | None:
        """How far it is, None when this node keeps its places."""
        return self._row if self.wanted else None

    # --- this node gives up its places --------------------------------------------------------

    def _arm(self) -> None:
        period = self._config.data.transfer_retry_us
        self._out.set_timer(("drain",), self._out.now + period)

    def ring_changed(self) -> None:
        """What was readable elsewhere may not be under this ring."""
        if self.wanted:
            self._owners.clear()
            owners = self._placement.ring.owners
            self._taken = {p: n for p, n in self._taken.items() if n in owners[p]}
            self._done = False
            self._arm()

    def tick(self) -> None:
        """Ask how far the others are, and end when nothing is left."""
        if not self.wanted or self._done:
            return
        now = self._out.now
        self._ask_all()
        self._look()
        alone = not any(self._members.alive(n) for n in self._members.ring_members())
        self._alone_since = (self._alone_since or now) if alone else 0
        if not self._row.waiting_on:
            self._finish("drained")
        elif alone and now - self._alone_since >= self._config.membership.leave_linger_us:
            self._finish("alone")
        elif self._leaving and now - self._began >= self._config.data.drain_max_us:
            self._finish("timeout")
        else:
            self._tell()
            self._arm()

    def _finish(self, how: How) -> None:
        if how == "alone" and not self._leaving:
            self._tell()
            self._arm()  # it stays, and somebody may come
            return
        self._done = how == "drained"
        self._look()
        self._end(how)
        if self._leaving:
            self.on_leave(how)

    def _end(self, how: How) -> None:
        self._out.emit(DrainEnded(how, self._row, self._out.now - self._began))

    def _ask_all(self) -> None:
        ring = self._placement.ring
        if self._out.name in ring.members:
            return
        owed = self._owed()
        for name in ring.members:
            if not self._members.alive(name):
                continue
            owner = self._owners.setdefault(name, _Owner())
            self._number += 1
            owner.number = self._number
            owner.asked = tuple(sorted(owed.get(name, ())))
            ask = DrainAsk(owner.number, owner.asked)
            self._out.send(name, self._members.address(name), "stream", ask)

    def _owed(self) -> dict[NodeId, list[int]]:
        """Who should take what this node holds: a gaining owner, for it merges anyway."""
        owed: dict[NodeId, list[int]] = {}
        ring = self._placement.ring
        for partition, owners in enumerate(ring.owners):
            if partition in self._taken or not self._records.keys(partition):
                continue
            live = [n for n in owners if self._members.alive(n)]
            before = self._before.owners[partition]
            taker = min(live, key=lambda n: n in before, default=None)
            if taker is not None:
                owed.setdefault(taker, []).append(partition)
        return owed

    def answered(self, answer: DrainAnswer, sender: NodeId) -> None:
        """An owner said how far it is."""
        owner = self._owners.get(sender)
        if owner is None or owner.number != answer.number:
            return
        owner.digest = answer.digest
        owner.unfilled = frozenset(answer.unfilled)
        if answer.digest == self._placement.ring.digest:
            for partition in owner.asked:
                if partition not in answer.owed:
                    self._taken[partition] = sender

    def _look(self) -> None:
        """Work out what is left, and what it waits for first."""
        ring = self._placement.ring
        hints = sum(depth.count for depth in self._hints.depths())
        held = [p for p in range(ring.partitions) if p in self._held or self._records.keys(p)]
        waits: dict[int, str] = {}
        if self._out.name in ring.members:
            why = f"the ring to go on without {self._out.name}"
            if not any(self._members.alive(n) for n in self._members.ring_members()):
                why = "anybody to take over"
            waits = dict.fromkeys(held, why)
        else:
            for partition in held:
                if why := self._obstacle(partition):
                    waits[partition] = why
        first = next(iter(waits.values()), "")
        if not first and hints:
            first = f"{self._hints.depths()[0].target} or another to take its hints"
        if not first:
            first = self.rooms()
        done = self._done and not first
        self._row = DrainRow(self._leaving, done, len(waits), hints, first)

    def _obstacle(self, partition: int) -> str:
        """Why a partition is not readable elsewhere; empty when it is."""
        ring = self._placement.ring
        owners = ring.owners[partition]
        live = [n for n in owners if self._members.alive(n)]
        for name in live:
            owner = self._owners.get(name)
            if owner is None or owner.digest != ring.digest:
                return f"{name} to follow the same ring"
            if partition in owner.unfilled:
                return f"{name} to fill partition {partition}"
        if len(live) < min(self._config.data.write_quorum, len(owners)):
            absent = next(n for n in owners if n not in live)
            return f"{absent} to come back"
        if not self._records.keys(partition):
            return ""
        if partition not in self._taken:
            return f"{live[0]} to take partition {partition}"
        if self.homes(partition) < min(self._config.data.write_quorum, len(owners)):
            return f"one more owner to hold all of partition {partition}"
        return ""

    def _tell(self) -> None:
        now = self._out.now
        soon = now - self._told_at < self._config.data.transfer_told_us
        if self._row == self._told or (self._told_at and soon):
            return
        self._told, self._told_at = self._row, now
        self._out.emit(DrainProgressed(self._row))

    # --- others give up theirs ----------------------------------------------------------------

    def asked(self, ask: DrainAsk, sender: NodeId) -> None:
        """A member that drains asks how far this node is."""
        if sender not in self._members.claims:
            return
        answer = DrainAnswer(
            ask.number,
            self._placement.ring.digest,
            self._transfers.waiting(),
            self._transfers.owe(sender, ask.owed),
        )
        self._out.send(sender, self._members.address(sender), "stream", answer)
