"""Cuts, loss and delay, made and mended through the nodes' own transports (POST /fault at both ends).

A paused node cannot be told; it is when it runs again. A restarted node begins with whole links
and is told anew. One told end is enough for a link to be cut. Of what passes a lossy link each end
loses its part; late is what one node sends.
"""

from __future__ import annotations

import asyncio
import math
from typing import Final

from cluster.lab import orders
from cluster.lab.history import History, Inverse
from cluster.lab.network.cuts import Cut, Cuts
from cluster.lab.slots import Slot, Slots, natural
from cluster.lab.witness import LabError, Witness
from cluster.model.facts import FaultHealed, FaultInjected
from cluster.model.fault import DELAY_MS_MAX, LOST_PERCENT_MAX
from cluster.model.member import NodeId

NONE_LOST: Final = "No packet is lost on purpose; say how many: 20 % of them."


def at_each_end(percent: int) -> float:
    """Which part a sender and a receiver each lose, so that together they lose so much."""
    return 1 - math.sqrt(1 - percent / 100)


class Links:
    """The links between the lab's nodes."""

    def __init__(self, slots: Slots, witness: Witness, history: History) -> None:
        self._slots = slots
        self._witness = witness
        self._history = history
        self._cuts = Cuts()
        self._lost = 0
        """Of a hundred packets between any two nodes."""
        self._late: dict[NodeId, int] = {}
        """Whose messages leave so many milliseconds later."""

    def is_isolated(self, name: NodeId) -> bool:
        """Whether `isolate(name)` is in force."""
        return self._cuts.isolation_of(name) is not None

    async def isolate(self, name: NodeId) -> str:
        """Cut it off from every other node, both ways; clients still reach it."""
        self._slots.process(name)
        return await self._cut(Cut("isolate", frozenset((name,))), f"{name} was cut off.")

    async def partition(self, side: tuple[NodeId, ...]) -> str:
        """Cut every link between `side` and the rest."""
        for name in side:
            self._slots.get(name)
        rest = [name for name in self._slots.names() if name not in side]
        if not side or not rest:
            raise LabError("A partition needs nodes on both sides.")
        said = f"{' '.join(side)} and {' '.join(rest)} were cut off from each other."
        return await self._cut(Cut("partition", frozenset(side)), said)

    async def cut(self, a: NodeId, b: NodeId) -> str:
        """Cut one link, both ways."""
        self._slots.get(a)
        self._slots.get(b)
        if a == b:
            raise LabError("A link has two ends; name two nodes.")
        cut = Cut("cut", frozenset((a,)), frozenset((b,)))
        return await self._cut(cut, f"The link between {a} and {b} was cut.")

    async def heal(self, name: NodeId | None = None) -> str:
        """Mend all links, or only what `isolate(name)` cut."""
        if name is None:
            acts = list(self._cuts.acts)
        else:
            alone = self._cuts.isolation_of(name)
            acts = [alone] if alone is not None else []
        if not acts:
            raise LabError("No link is cut." if name is None else f"{name} is not cut off.")
        said = await self._mend(acts)
        self._history.push(
            Inverse(
                "cut the links again",
                lambda: self._sever(acts),
                lambda: not any(act in self._cuts.acts for act in acts),
            )
        )
        return said

    async def lose(self, percent: int) -> str:
        """Lose so many of a hundred packets between any two nodes, until told otherwise; 0: none."""
        if not 0 <= percent <= LOST_PERCENT_MAX:
            raise LabError(f"Between 0 and {LOST_PERCENT_MAX} % of all packets can be lost.")
        before = self._lost
        if percent == before:
            raise LabError(
                f"{percent} % of all packets are lost already." if percent else NONE_LOST
            )
        said = await self._lose(percent)
        if not before:
            again = Inverse("lose no more packets", lambda: self._lose(0), lambda: self._lost > 0)
            self._history.push(again)
        return said

    async def slow(self, name: NodeId, late_ms: int) -> str:
        """Hold up all that a node sends to others by so much, until told otherwise; 0: no longer."""
        if not 0 <= late_ms <= DELAY_MS_MAX:
            raise LabError(f"A node is slowed down by at most {DELAY_MS_MAX // 1_000} s.")
        self._slots.process(name)
        if not late_ms and name not in self._late:
            raise LabError(f"{name} is not slowed down; say by how much: 1 s.")
        said = await self._slow(name, late_ms)
        if late_ms:
            again = Inverse(
                f"let {name} send at once", lambda: self._slow(name, 0), lambda: name in self._late
            )
            self._history.push(again)
        return said

    async def retell(self) -> None:
        """Bring every node that can listen up to date. Raises only if nobody could be told."""
        names = self._slots.names()
        part = at_each_end(self._lost)
        telling = [
            (slot, wanted)
            for slot in self._slots.running()
            if (slot.told, slot.loses, slot.late_ms)
            != (
                wanted := (self._cuts.severed(slot.name, names), part, self._late.get(slot.name, 0))
            )
        ]
        results = await asyncio.gather(
            *(_tell(slot, *wanted) for slot, wanted in telling), return_exceptions=True
        )
        failures = [result for result in results if isinstance(result, BaseException)]
        if failures and len(failures) == len(telling):
            raise failures[0]

    async def _lose(self, percent: int) -> str:
        before, self._lost = self._lost, percent
        names = self._slots.names()
        if not before:  # the cause is told before its consequences
            for name in names:
                self._witness.say(FaultInjected("loss", name, (), f"{percent} %"))
        try:
            await self.retell()
        except LabError:
            self._lost = before
            raise
        finally:
            if not self._lost:
                for name in names:
                    self._witness.say(FaultHealed("loss", name))
        return f"{percent} % of all packets are lost." if percent else "No more packets are lost."

    async def _slow(self, name: NodeId, late_ms: int) -> str:
        before = self._late.pop(name, 0)
        if late_ms:
            self._late[name] = late_ms
            self._witness.say(FaultInjected("delay", name, (), f"{late_ms} ms"))
        try:
            await self.retell()
        except LabError:
            self._late.pop(name, None)
            if before:
                self._late[name] = before
            raise
        finally:
            if name not in self._late:
                self._witness.say(FaultHealed("delay", name))
        if not late_ms:
            return f"{name} sends at once again."
        return f"What {name} sends leaves {late_ms:,} ms later."

    async def _cut(self, cut: Cut, said: str) -> str:
        if not self._cuts.add(cut):
            raise LabError("That is cut already; heal it first.")
        self._witness.say(FaultInjected(cut.kind, *self._ends(cut)))
        try:
            await self.retell()
        except LabError:
            self._cuts.remove(cut)
            self._witness.say(FaultHealed(cut.kind, *self._ends(cut)))
            raise
        self._history.push(
            Inverse("heal the links", lambda: self._mend([cut]), lambda: cut in self._cuts.acts)
        )
        return said

    async def _mend(self, acts: list[Cut]) -> str:
        for act in acts:
            self._cuts.remove(act)
        await self.retell()
        for act in acts:
            self._witness.say(FaultHealed(act.kind, *self._ends(act)))
        return "The links are whole again."

    async def _sever(self, acts: list[Cut]) -> str:
        for act in acts:
            self._cuts.add(act)
            self._witness.say(FaultInjected(act.kind, *self._ends(act)))
        await self.retell()
        return "The links were cut again."

    def _ends(self, cut: Cut) -> tuple[NodeId, tuple[NodeId, ...]]:
        """A fact's subject and peers: with several nodes on a side, the first speaks for it."""
        side = sorted(cut.side, key=natural)
        others = sorted(cut.others, key=natural)
        return side[0], tuple(others or [n for n in self._slots.names() if n not in cut.side])


async def _tell(slot: Slot, severed: frozenset[NodeId], part: float, late_ms: int) -> None:
    """Bring one node up to date, and remember how far that came."""
    if (slot.loses and not part) or (slot.late_ms and not late_ms):
        await orders.mend(slot.window)
        slot.told, slot.loses, slot.late_ms = frozenset(), 0.0, 0
    if slot.loses != part:
        await orders.lose(slot.window, part)
        slot.loses = part
    if slot.late_ms != late_ms:
        await orders.hold_up(slot.window, late_ms)
        slot.late_ms = late_ms
    if slot.told != severed:
        await orders.cut_off(slot.window, slot.told, severed)
        slot.told = severed
