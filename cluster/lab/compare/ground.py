"""What a comparison's clients stand on here: this machine's clock, and the nodes' peer ports.

A question is given to the one connection that is kept to a node. Whoever refuses connections is
known, as it is to the simulated clients: there is no process. Ignores what is asked and why
(`cluster.sim.compare.clients` does the same things on either ground).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from cluster.api.client import PeerClient
from cluster.config import SECOND
from cluster.lab.nodes import Lab
from cluster.lab.witness import Witness
from cluster.model.member import NodeId
from cluster.protocol.effects import Response
from cluster.sim.compare.clients import PATIENCE_US, Call

SLACK_S = 0.5
"""A line waits this much longer than the clients, so that they are who gives up."""


class LabGround:
    """The lab's nodes, as clients reach them (`cluster.sim.compare.clients.Ground`)."""

    def __init__(self, lab: Lab, witness: Witness) -> None:
        self._lab = lab
        self._witness = witness
        self._lines: dict[NodeId, PeerClient] = {}
        self._timers: set[asyncio.TimerHandle] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def now(self) -> int:
        """Microseconds since 1970, as nodes and lab stamp their facts."""
        return self._witness.now()

    def at(self, due: int, action: Callable[[], None]) -> None:
        """Call something then."""
        self.after(due - self.now, action)

    def after(self, delay: int, action: Callable[[], None]) -> None:
        """Call something so much later."""

        def due() -> None:
            self._timers.discard(handle)
            action()

        loop = asyncio.get_running_loop()
        handle = loop.call_later(max(0, delay) / SECOND, due)
        self._timers.add(handle)

    def takes(self, name: NodeId) -> bool:
        """Whether there is a process, be it a stopped one."""
        return self._lab.is_running(name)

    def ask(self, name: str, request: Call, then: Callable[[Response | None], None]) -> None:
        """Ask a node once."""

        async def asked() -> None:
            then(await self._line(NodeId(name)).call(request))

        self._begin(asked())

    async def call(self, name: str, request: Call) -> Response:
        """Ask a node and wait for its answer."""
        return await self._line(NodeId(name)).call(request)

    async def close(self) -> None:
        """Forget what is due and hang up."""
        for handle in self._timers:
            handle.cancel()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        lines, self._lines = self._lines, {}
        for line in lines.values():
            await line.close()

    def _line(self, name: NodeId) -> PeerClient:
        address = self._lab.slots.get(name).gossip
        line = self._lines.get(name)
        if line is None or line.address != address:
            patience_s = PATIENCE_US / SECOND + SLACK_S
            line = PeerClient(address, cluster=self._lab.cluster, timeout_s=patience_s)
            self._lines[name] = line
        return line

    def _begin(self, coroutine: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
