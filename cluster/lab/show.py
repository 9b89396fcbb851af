"""A whole demonstration in one object: real nodes, a quiz that never stops, and hands to hurt them.

The dashboard drives this by node name and draws nothing from it but facts. Every act returns one
past-tense sentence for the status line, or raises `LabError` with one that says what to do next.
Everything runs on the caller's event loop; nothing here is called from another thread.

    show = Show(ShowOptions(nodes=5), on_fact=source.take)
    await show.start()                 # returns when every node is up and has been told to join
    await show.kill(NodeId("n4"))
    await show.undo()                  # n4 comes back, same name, same disk, same ports
    await show.stop()                  # within a second; nothing is left behind
"""

from __future__ import annotations

import asyncio
from random import Random

from msgspec import Struct

from cluster.config import ArchitectureName, ProfileName
from cluster.lab.nodes import Lab, LabOptions
from cluster.lab.quiz.ledger import Audit
from cluster.lab.quiz.lines import PeerLines
from cluster.lab.quiz.rooms import RoomPlayers, RoomsOptions
from cluster.lab.quiz.workload import Workload, WorkloadOptions
from cluster.lab.witness import LabError, OnFact, Witness
from cluster.model.facts import RoomCounted
from cluster.model.member import Address, NodeId
from cluster.model.rooms.naming import Keep

AUDIT_MAX = 3_000
"""Answers read back after something was mended; more would take longer than people look."""

__all__ = ["LabError", "Show", "ShowOptions"]


class ShowOptions(Struct, frozen=True):
    """What a demonstration is made of."""

    nodes: int = 5
    profile: ProfileName = "demo"
    seed: int = 0
    """Chooses the players, rooms and answers. Printed, so that a run can be repeated."""
    answers_per_s: float = 40.0
    data: str = ""
    """Where the nodes keep their disks; empty: a temporary directory that is removed at the end."""
    architecture: ArchitectureName = "masterless"
    """Who decides."""
    rooms: int = 40
    """Quiz rooms that are opened and played in; a cluster with masters has none."""


class Show:
    """Starts the lab and the quiz, passes acts on, stops everything."""

    def __init__(self, options: ShowOptions, on_fact: OnFact) -> None:
        self.options = options
        self._witness = Witness(on_fact)
        self.lab = Lab(
            LabOptions(
                nodes=options.nodes,
                profile=options.profile,
                data=options.data,
                architecture=options.architecture,
            ),
            self._witness,
        )
        self.workload = Workload(
            WorkloadOptions(answers_per_s=options.answers_per_s),
            self._witness,
            Random(options.seed),
            self.lab.doors,
            PeerLines(self.lab.cluster),
        )
        roomy = options.architecture in ("masterless", "single")
        self.players = RoomPlayers(
            RoomsOptions(rooms=options.rooms if roomy else 0),
            Random(options.seed + 1),
            self.lab.doors,
            self.lab.cluster,
        )
        self._opening: asyncio.Task[None] | None = None
        self._auditing: asyncio.Task[None] | None = None
        self._audits = 0
        self._quizzes: dict[str, tuple[Keep, int]] = {}
        """Rooms that were filled: how they keep their state, and answers they acknowledged."""

    async def start(self) -> None:
        """Start all nodes at once and join them. LabError when that cannot be done.

        Returns when they run; the quiz's first question comes when all of them serve.
        """
        await self.lab.start()
        self._opening = asyncio.create_task(self._open())

    async def _open(self) -> None:
        await self.lab.serving()
        self.workload.start()
        self.players.start()

    async def stop(self) -> None:
        """End everything within a second. May be called twice, and before `start` has returned."""
        beside = [task for task in (self._opening, self._auditing) if task is not None]
        for task in beside:
            task.cancel()
        await asyncio.gather(*beside, return_exceptions=True)
        await asyncio.gather(self.workload.stop(), self.players.stop())
        await self.lab.stop()

    # --- what there is ---------------------------------------------------------------------------

    def names(self) -> tuple[NodeId, ...]:
        """All nodes ever started and not sent away, in natural order, alive or not."""
        return self.lab.slots.names()

    def windows(self) -> dict[NodeId, Address]:
        """Where to ask each node that has a process (a paused one too). Changes as nodes do.

        A `ProcessObserved` fact announces each change.
        """
        return self.lab.windows()

    def can_undo(self) -> str:
        """What `undo` would do now, e.g. "start n4 again"; empty when nothing can be undone."""
        return self.lab.can_undo()

    # --- acts: one past-tense sentence, or LabError ---------------------------------------------

    async def kill(self, name: NodeId) -> str:
        """SIGKILL. On a node that is not running: LabError."""
        return await self.lab.kill(name)

    async def restart(self, name: NodeId) -> str:
        """Start a killed node again: same name, same data directory, same ports."""
        return self._mended(await self.lab.restart(name))

    async def pause(self, name: NodeId) -> str:
        """SIGSTOP; SIGCONT when it is paused already."""
        if self.lab.is_paused(name):
            return await self.resume(name)
        return await self.lab.pause(name)

    async def resume(self, name: NodeId) -> str:
        """SIGCONT."""
        return self._mended(await self.lab.resume(name))

    async def isolate(self, name: NodeId) -> str:
        """Cut its links to all other nodes, both ways; mend them when they are cut already."""
        if self.lab.links.is_isolated(name):
            return self._mended(await self.lab.links.heal(name))
        return await self.lab.links.isolate(name)

    async def cut(self, a: NodeId, b: NodeId) -> str:
        """Cut one link, both ways."""
        return await self.lab.links.cut(a, b)

    async def partition(self, side: tuple[NodeId, ...]) -> str:
        """Cut every link between `side` and the rest."""
        return await self.lab.links.partition(side)

    async def heal(self) -> str:
        """Mend all cut links."""
        return self._mended(await self.lab.links.heal())

    async def add(self) -> str:
        """Start one more node under the next free name and join it."""
        return await self.lab.add()

    async def leave(self, name: NodeId) -> str:
        """SIGTERM: the node says farewell and ends."""
        return await self.lab.leave(name)

    async def undo(self) -> str:
        """Take back the latest act that can be taken back."""
        return self._mended(await self.lab.undo())

    async def audit(self, sample: int = 0) -> Audit:
        """Read back acknowledged answers (all, or so many of them) and say which are unreadable."""
        return await self.workload.audit(sample)

    async def quiz(self, room: str, keep: Keep) -> str:
        """Open a room that keeps its state so, and fill it with answers."""
        if room in self._quizzes:
            raise LabError(f"{room} is open already: name another.")
        given = await self.players.quiz(room, keep)
        self._quizzes[room] = (keep, given)
        await self.count(room)
        return f"{room} has acknowledged {given} answers (kept: {keep})."

    async def count(self, room: str) -> str:
        """Ask such a room how many of its answers it still has."""
        if room not in self._quizzes:
            raise LabError(f"Nobody knows what {room} had: `fill {room} heir` opens it.")
        keep, given = self._quizzes[room]
        held = await self.players.count(room)
        self._witness.say(RoomCounted(room, keep, given, held))
        return f"{room} has {held} of the {given} answers it acknowledged."

    def _mended(self, said: str) -> str:
        """Something was made whole: soon ask whether anything was lost meanwhile."""
        if self._auditing is not None:
            self._auditing.cancel()
        self._auditing = asyncio.create_task(self._audit_when_whole())
        return said

    async def _audit_when_whole(self) -> None:
        # A write that fallbacks took is readable by all only when its hints are back.
        await self.lab.serving()
        await self.lab.hints_home()
        # One more answer each time: whoever folds the counts can tell a new audit from the last.
        self._audits += 1
        await self.workload.audit(AUDIT_MAX + self._audits)
