"""Faults for a cluster that is not ours: its links, through the windows of nodes that allow it.

A process that somebody else started is never killed or stopped from here; links are cut at both
ends, as far as these were started with --allow-faults, and each cut can be taken back. Only what
was cut here is taken back by `undo`, and on leaving; `heal` is for everything in force anywhere.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Final

from cluster.lab.witness import LabError
from cluster.model.member import NodeId
from tui.view import ClusterView

UNDO_MAX: Final = 32
"""Cuts that can be taken back; earlier ones only by `heal`."""
TELL_S: Final = 3.0
NOT_OURS: Final = "{} would be no process of ours: here only links are cut (i, :cut, :partition)"
Orders = Mapping[NodeId, tuple[NodeId, ...]]
"""Who is told to cut (or mend) its links to whom."""


class Surgeon:
    """`tui.acts.Hands` for whoever inspects. `view`: what is known of the cluster now."""

    def __init__(self, view: Callable[[], ClusterView]) -> None:
        self._view = view
        self._done: list[tuple[str, Orders]] = []
        """What was cut, in words, and by whom; the latest last."""
        self.left: list[str] = []
        """What could not be mended on leaving."""

    async def kill(self, name: NodeId) -> str:
        """Refused."""
        raise LabError(NOT_OURS.format(name))

    async def restart(self, name: NodeId) -> str:
        """Refused."""
        raise LabError(NOT_OURS.format(name))

    async def pause(self, name: NodeId) -> str:
        """Refused."""
        raise LabError(NOT_OURS.format(name))

    async def add(self) -> str:
        """Refused."""
        raise LabError(NOT_OURS.format("a new node"))

    async def isolate(self, name: NodeId) -> str:
        """Cut its links to all others, or mend them if they were cut from here."""
        what = f"{name} off from all others"
        for act in self._done:
            if act[0] == what:
                return await self._take_back(act)
        return await self._sever(what, (name,), self._others((name,)))

    async def cut(self, a: NodeId, b: NodeId) -> str:
        """Cut one link, both ways."""
        return await self._sever(f"the link between {a} and {b}", (a,), (b,))

    async def partition(self, side: tuple[NodeId, ...]) -> str:
        """Cut every link between a side and the rest."""
        others = self._others(side)
        if not side or not others:
            raise LabError("a partition needs nodes on both sides")
        return await self._sever(f"{', '.join(side)} off from {', '.join(others)}", side, others)

    async def heal(self) -> str:
        """Mend every link that any node was told to hurt, by whomever."""
        able = self._able()
        await self._tell("heal", dict.fromkeys(able, ()))
        self._done = []
        return f"all links of {', '.join(able)} are whole again"

    async def undo(self) -> str:
        """Take back the latest cut."""
        if not self._done:
            raise LabError("nothing was cut from here: :heal mends what others cut")
        return await self._take_back(self._done[-1])

    async def stop(self) -> None:
        """Whoever leaves takes back what was cut from here: nobody else knows of it.

        What others cut stays as it is. A node that cannot be told keeps its cut (`left`)."""
        done, self._done = self._done, []
        for what, told in reversed(done):
            try:
                await self._tell("heal", told)
            except LabError as refused:
                self.left.append(f"{what} is still cut: {refused}")

    def _others(self, side: tuple[NodeId, ...]) -> tuple[NodeId, ...]:
        return tuple(name for name in self._view().nodes if name not in side)

    def _able(self) -> list[NodeId]:
        """Who can be told."""
        nodes = self._view().nodes.values()
        able = [node.name for node in nodes if node.faults_allowed and node.connected]
        if not able:
            raise LabError("no node that answers was started with --allow-faults")
        return able

    async def _sever(self, what: str, side: tuple[NodeId, ...], others: tuple[NodeId, ...]) -> str:
        able = self._able()
        orders = dict.fromkeys(side, others) | dict.fromkeys(others, side)
        told = {name: peers for name, peers in orders.items() if name in able}
        if not told:
            raise LabError(f"neither end allows faults: {', '.join(able)} would")
        try:
            await self._tell("cut", told)
        except LabError:
            await self._tell("heal", told, quietly=True)
            raise
        self._done = [*self._done, (what, told)][-UNDO_MAX:]
        return f"cut {what}; u takes it back"

    async def _take_back(self, act: tuple[str, Orders]) -> str:
        what, told = act
        await self._tell("heal", told)
        self._done = [other for other in self._done if other is not act]
        # Another cut may lie over the same links, and healing one end healed both.
        for _, still in self._done:
            await self._tell("cut", still)
        return f"took back: cut {what}"

    async def _tell(self, kind: str, orders: Orders, *, quietly: bool = False) -> None:
        """Each node its part, all at once. Raises LabError with the first that refused."""
        nodes = self._view().nodes
        answers = await asyncio.gather(
            *(self._one(str(nodes[name].window), kind, peers) for name, peers in orders.items()),
            return_exceptions=True,
        )
        for name, answer in zip(orders, answers, strict=True):
            if isinstance(answer, BaseException) and not quietly:
                raise LabError(f"{name} could not be told: {answer}") from None

    async def _one(self, window: str, kind: str, peers: tuple[NodeId, ...]) -> None:
        from cluster.api.operator import WindowClient
        from cluster.model.member import Address

        async with WindowClient(Address(window), timeout_s=TELL_S) as client:
            await client.fault(kind, peers=peers)
