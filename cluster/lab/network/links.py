"""Cuts, made and mended through the nodes' own transports (POST /fault at both ends).

A paused node cannot be told; it is when it runs again. A restarted node begins with whole links
and is told anew. One told end is enough for a link to be cut.
"""

from __future__ import annotations

import asyncio

from cluster.lab import orders
from cluster.lab.history import History, Inverse
from cluster.lab.network.cuts import Cut, Cuts
from cluster.lab.slots import Slots, natural
from cluster.lab.witness import LabError, Witness
from cluster.model.facts import FaultHealed, FaultInjected
from cluster.model.member import NodeId


class Links:
    """The links between the lab's nodes."""

    def __init__(self, slots: Slots, witness: Witness, history: History) -> None:
        self._slots = slots
        self._witness = witness
        self._history = history
        self._cuts = Cuts()

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

    async def retell(self) -> None:
        """Bring every node that can listen up to date. Raises only if nobody could be told."""
        names = self._slots.names()
        telling = [
            (slot, wanted)
            for slot in self._slots.running()
            if slot.told != (wanted := self._cuts.severed(slot.name, names))
        ]
        results = await asyncio.gather(
            *(orders.cut_off(slot.window, slot.told, wanted) for slot, wanted in telling),
            return_exceptions=True,
        )
        failures = [result for result in results if isinstance(result, BaseException)]
        for (slot, wanted), result in zip(telling, results, strict=True):
            if not isinstance(result, BaseException):
                slot.told = wanted
        if failures and len(failures) == len(telling):
            raise failures[0]

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
