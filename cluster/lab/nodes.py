"""The lab: real node processes on this machine, and everything that can be done to them.

An act is announced as a fact before it is performed, so that in any recording the cause precedes
its consequences; a process's end is announced when it is seen, whoever ended it. The lab knows
processes, not members: of what nodes say it only asks whether they serve and keep hints.

A demonstration's nodes end by SIGKILL when the lab stops: acknowledged writes are on disk, and a
whole cluster that goes home has nobody to take leave of. Only `leave` is a departure.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from pathlib import Path
from time import monotonic_ns
from typing import Final

from msgspec import Struct

from cluster.config import (
    PROFILES,
    ArchitectureConfig,
    ArchitectureName,
    DataConfig,
    ProfileName,
    RingConfig,
)
from cluster.lab import charter, orders
from cluster.lab.history import History, Inverse
from cluster.lab.keeper import Keeper
from cluster.lab.network.links import Links
from cluster.lab.processes import ENDS_WITHIN_S, NodeProcess, NodeStart, Ready, start_node
from cluster.lab.slots import ANY_PORT, NODES_MAX, Door, Slot, Slots
from cluster.lab.witness import LabError, Witness
from cluster.model.facts import FaultHealed, FaultInjected, ProcessObserved
from cluster.model.member import Address, NodeId
from cluster.runtime.disk.directory import in_use

LEAVES_WITHIN_S = 10.0
"""Beside the time in which it drains."""
SERVES_WITHIN_NS = 10_000_000_000
HINTS_WITHIN_NS = 20_000_000_000
FREE_WITHIN_NS = 1_000_000_000
"""The nodes of a lab that was killed end when they notice: their disks are free soon after."""
ASK_AGAIN_S = 0.05

_Act = Callable[[NodeId], Awaitable[str]]


ONE_COPY: Final = "one copy of each key"
"""What a cluster of one node keeps, also when nodes are added to it."""


def copies_for(nodes: int) -> int:
    """Copies of each key in a cluster that starts with so many nodes: as usual, unless too few of
    them are there to confirm a write. More nodes may come later, but copies stay as they are."""
    enough = nodes >= DataConfig().write_quorum
    return RingConfig().replicas if enough else nodes


class LabOptions(Struct, frozen=True):
    """What the lab starts."""

    nodes: int = 5
    profile: ProfileName = "demo"
    data: str = ""
    """Empty: a temporary directory, removed at the end."""
    cluster: str = ""
    """Empty: a name of our own, so that two demonstrations never mix."""
    allow_faults: bool = True
    seed: int | None = None
    """Each node's own dice; None: different in every run."""
    architecture: ArchitectureName = "masterless"
    """Who decides; the founders are the nodes it starts with."""


class Lab:
    """Starts nodes, hurts them, brings them back."""

    def __init__(self, options: LabOptions, witness: Witness) -> None:
        if not 1 <= options.nodes <= NODES_MAX:
            raise LabError(f"Ask for 1 to {NODES_MAX} nodes, not {options.nodes}.")
        self.options = options
        self.root = Path(options.data).absolute() if options.data else _fresh_directory()
        self.cluster = options.cluster or f"lab-{os.getpid()}"
        self.slots = Slots(self.root)
        self.architecture = ArchitectureConfig()
        """Known in full once the lab starts."""
        self._history = History()
        self.links = Links(self.slots, witness, self._history)
        self._witness = witness
        self._keeper: Keeper | None = None
        self._watchers: set[asyncio.Task[None]] = set()
        self._starts: set[asyncio.Task[None]] = set()
        self._stopped = False

    # --- the whole -------------------------------------------------------------------------------

    async def start(self) -> tuple[Ready, ...]:
        """Start every node at once and join them through the first. All, or LabError and none."""
        self._keeper = Keeper()
        if not self.options.data:
            self._keeper.directory(self.root)
        slots = [self.slots.new() for _ in range(self.options.nodes)]
        try:
            await _all_free(slots)
            _make_directory(self.root)
            founded = charter.drawn_up(self.options.architecture, self.slots.names())
            self.architecture = charter.kept(self.root, founded) if self.options.data else founded
            await self._all(self._bring_up(slot, ()) for slot in slots)
            first, *others = slots
            await self._all(orders.join(slot.window, first.gossip) for slot in others)
        except BaseException:
            # Also on Ctrl-C: whatever was started so far must not outlive this.
            await self.stop()
            raise
        return tuple(slot.process.ready for slot in slots if slot.process is not None)

    async def serving(self) -> bool:
        """Wait until every node serves on a ring of all; False when that takes too long."""
        deadline = monotonic_ns() + SERVES_WITHIN_NS
        names = frozenset(self.slots.names())
        while monotonic_ns() < deadline:
            asked = (orders.serves(w, names, self.architecture) for w in self.windows().values())
            if all(await asyncio.gather(*asked)):
                return True
            await asyncio.sleep(ASK_AGAIN_S)
        return False

    async def master(self) -> NodeId | None:
        """Who acts as master, by its own word; of several, in the latest term."""
        slots = self.slots.running()
        terms = await asyncio.gather(*(orders.reigns_in(slot.window) for slot in slots))
        term, _, name = max(
            ((t, -n, slot.name) for n, (t, slot) in enumerate(zip(terms, slots, strict=True))),
            default=(0, 0, None),
        )
        return name if term else None

    async def hints_home(self) -> bool:
        """Wait until no live node keeps hints any more; False when that takes too long."""
        deadline = monotonic_ns() + HINTS_WITHIN_NS
        while monotonic_ns() < deadline:
            windows = [slot.window for slot in self.slots.running()]
            if all(await asyncio.gather(*map(orders.keeps_no_hints, windows))):
                return True
            await asyncio.sleep(ASK_AGAIN_S)
        return False

    async def stop(self) -> None:
        """Kill what runs, forget what was temporary. Idempotent; leaves nothing behind."""
        if self._stopped:
            return
        self._stopped = True
        starts = list(self._starts)
        for task in starts:
            task.cancel()
        await asyncio.gather(*starts, return_exceptions=True)
        for slot in self.slots.all():
            if slot.process is not None:
                slot.process.kill()
        if self._watchers:
            await asyncio.wait(self._watchers, timeout=ENDS_WITHIN_S)
        if self._keeper is not None:
            await asyncio.to_thread(self._keeper.close)

    def windows(self) -> dict[NodeId, Address]:
        """The windows of nodes that have a process (a paused one too)."""
        present = self.slots.present()
        return {slot.name: slot.window for slot in present if slot.process is not None}

    def doors(self) -> tuple[Door, ...]:
        """Where a client would try: every node that was ever ready and has not left."""
        present = self.slots.present()
        return tuple(Door(s.name, s.gossip, s.window) for s in present if s.window != ANY_PORT)

    def is_paused(self, name: NodeId) -> bool:
        """Whether we have stopped its process."""
        process = self.slots.get(name).process
        return process is not None and process.paused

    def is_running(self, name: NodeId) -> bool:
        """Whether it has a process, paused or not."""
        return self.slots.get(name).process is not None

    # --- acts ------------------------------------------------------------------------------------

    async def kill(self, name: NodeId) -> str:
        """SIGKILL, as `kill -9` does."""
        said = await self._kill(name)
        self._undo_by(f"start {name} again", name, self._start_again, running=False)
        return said

    async def wipe(self, name: NodeId) -> str:
        """SIGKILL, and its disk is gone: what is started again has the name and nothing else."""
        said = await self._wipe(name)
        self._undo_by(f"start {name} again", name, self._start_again, running=False)
        return said

    async def restart(self, name: NodeId) -> str:
        """The same name, data directory and ports; new ports if a stranger took the old ones."""
        said = await self._start_again(name)
        self._undo_by(f"kill {name} again", name, self._kill, running=True)
        return said

    async def pause(self, name: NodeId) -> str:
        """SIGSTOP: it hears nothing and says nothing until resumed."""
        said = await self._pause(name)
        self._history.push(
            Inverse(f"resume {name}", lambda: self._resume(name), lambda: self.is_paused(name))
        )
        return said

    async def resume(self, name: NodeId) -> str:
        """SIGCONT."""
        said = await self._resume(name)
        self._undo_by(f"pause {name} again", name, self._pause, running=True)
        return said

    async def add(self) -> str:
        """One more node, under a name never used here before."""
        slot = self.slots.new()
        try:
            await self._all([self._bring_up(slot, self.slots.seeds(slot.name))])
        except BaseException:
            # Also when cancelled: a slot without a process would be shown as a node.
            self.slots.drop(slot)
            raise
        await self.links.retell()
        self._undo_by(f"send {slot.name} away", slot.name, self._leave, running=True)
        return f"{slot.name} was started and joins."

    async def leave(self, name: NodeId) -> str:
        """SIGTERM: the node says farewell, so that nobody takes its end for a failure."""
        said = await self._leave(name)
        self._undo_by(f"start {name} again", name, self._start_again, running=False)
        return said

    def can_undo(self) -> str:
        """What `undo` would do, in words; empty when there is nothing."""
        return self._history.label()

    async def undo(self) -> str:
        """Take back the latest act that still can be."""
        inverse = self._history.pop()
        if inverse is None:
            raise LabError("There is nothing to undo.")
        return await inverse.apply()

    def _undo_by(
        self,
        label: str,
        name: NodeId,
        act: _Act,
        *,
        running: bool,
    ) -> None:
        self._history.push(
            Inverse(label, lambda: act(name), lambda: self.is_running(name) is running)
        )

    # --- the same without a way back -------------------------------------------------------------

    async def _kill(self, name: NodeId) -> str:
        process = self.slots.process(name)
        self._witness.say(FaultInjected("kill", name))
        process.kill()
        await self.slots.get(name).gone.wait()
        return f"{name} was killed (kill -9, process {process.pid})."

    async def _wipe(self, name: NodeId) -> str:
        await self._kill(name)
        slot = self.slots.get(name)
        self._witness.say(FaultInjected("wipe", name))
        slot.wiped = True
        await asyncio.to_thread(shutil.rmtree, slot.data, ignore_errors=True)
        return f"{name} was killed and its disk wiped."

    async def _start_again(self, name: NodeId) -> str:
        slot = self.slots.get(name)
        if slot.process is not None or slot.starting:
            raise LabError(f"{name} is running already.")
        seeds = self.slots.seeds(name)
        try:
            await self._all([self._bring_up(slot, seeds)])
        except LabError as error:
            if "in use" not in str(error):
                raise
            slot.gossip = slot.window = ANY_PORT
            await self._all([self._bring_up(slot, seeds)])
        slot.left = False
        self._witness.say(FaultHealed("kill", name))
        wiped, slot.wiped = slot.wiped, False
        if wiped:
            self._witness.say(FaultHealed("wipe", name))
        await self.links.retell()
        return f"{name} was started again on {'an empty' if wiped else 'its old'} disk."

    async def _pause(self, name: NodeId) -> str:
        process = self.slots.process(name)
        if process.paused:
            raise LabError(f"{name} is paused already.")
        self._witness.say(FaultInjected("pause", name))
        process.pause()
        self._observe(name, process)
        return f"{name} was paused (SIGSTOP)."

    async def _resume(self, name: NodeId) -> str:
        process = self.slots.process(name)
        if not process.paused:
            raise LabError(f"{name} is not paused.")
        process.resume()
        self._witness.say(FaultHealed("pause", name))
        self._observe(name, process)
        await self.links.retell()
        return f"{name} runs again (SIGCONT)."

    async def _leave(self, name: NodeId) -> str:
        process = self.slots.process(name)
        slot = self.slots.get(name)
        if process.paused:
            raise LabError(f"{name} is paused and cannot say farewell; resume it first.")
        slot.left = True
        process.terminate()
        within_s = PROFILES[self.options.profile].data.drain_max_us / 1e6 + LEAVES_WITHIN_S
        try:
            async with asyncio.timeout(within_s):
                await slot.gone.wait()
        except TimeoutError:
            slot.left = False
            raise LabError(f"{name} has not left in {within_s:.0f} s; kill it.") from None
        return f"{name} said farewell and left."

    # --- starting and watching -------------------------------------------------------------------

    async def _bring_up(self, slot: Slot, seeds: tuple[Address, ...]) -> None:
        assert self._keeper is not None
        _make_directory(slot.data)
        start = NodeStart(
            name=slot.name,
            data=str(slot.data),
            cluster=self.cluster,
            profile=self.options.profile,
            gossip=slot.gossip,
            window=slot.window,
            join=seeds,
            allow_faults=self.options.allow_faults,
            seed=self.options.seed,
            architecture=self.architecture,
            replicas=copies_for(self.options.nodes),
        )
        slot.starting = True
        self._witness.say(ProcessObserved(slot.name, "starting", 0, slot.window))
        try:
            process = await start_node(start, self._keeper.register)
        except BaseException:
            # Also when cancelled: the screens were told that it is starting.
            self._witness.say(ProcessObserved(slot.name, "gone", 0, slot.window))
            raise
        finally:
            slot.starting = False
        slot.process = process
        slot.gossip, slot.window = process.ready.gossip, process.ready.window
        slot.told, slot.loses, slot.late_ms = frozenset(), 0.0, 0
        slot.gone.clear()
        self._observe(slot.name, process)
        watcher = asyncio.get_running_loop().create_task(self._watch(slot, process))
        self._watchers.add(watcher)
        watcher.add_done_callback(self._watchers.discard)

    async def _watch(self, slot: Slot, process: NodeProcess) -> None:
        slot.last_words = await process.wait()
        slot.process = None
        if self._keeper is not None:
            self._keeper.forget(process.pid)
        self._witness.say(ProcessObserved(slot.name, "gone", process.pid, slot.window))
        slot.gone.set()

    def _observe(self, name: NodeId, process: NodeProcess) -> None:
        state = "paused" if process.paused else "running"
        self._witness.say(ProcessObserved(name, state, process.pid, process.ready.window))

    async def _all(self, coroutines: Iterable[Coroutine[None, None, None]]) -> None:
        """Run beside each other; all end before the first failure is raised; `stop` cancels."""
        loop = asyncio.get_running_loop()
        tasks = [loop.create_task(coroutine) for coroutine in coroutines]
        self._starts.update(tasks)
        try:
            results = await asyncio.gather(*tasks, return_exceptions=True)
        finally:
            self._starts.difference_update(tasks)
            for task in tasks:
                task.cancel()
        if self._stopped:
            raise LabError("The lab was stopped meanwhile.")
        for result in results:
            if isinstance(result, BaseException):
                raise result


async def _all_free(slots: Iterable[Slot]) -> None:
    """All disks or none: those on a few would join whoever runs on the others, and die there."""
    deadline = monotonic_ns() + FREE_WITHIN_NS
    for slot in slots:
        while refused := in_use(slot.data):
            if monotonic_ns() > deadline:
                raise LabError(refused)
            await asyncio.sleep(ASK_AGAIN_S)


def _fresh_directory() -> Path:
    """A name nobody else has; made only after the guard knows it."""
    return Path(tempfile.gettempdir()) / f"masterless-{os.getpid()}-{monotonic_ns():x}"


def _make_directory(path: Path) -> None:
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise LabError(f"{path} cannot be used ({error.strerror}); name another.") from None
