"""All Serf agents of one cluster that can be reached: the adapter."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from time import time_ns
from typing import Final

from cluster.model.member import NOBODY, Address, NodeId
from cluster.model.summary import Telling
from tui.sources.foreign.seen import Look, Overheard, Row
from tui.sources.foreign.serf.agent import Agent, SerfError

PORT: Final = 7373
RETRY_S: Final = 1.0
"""How long an agent that could not be reached is left alone."""
AGENTS_MAX: Final = 200
"""Agents that are asked; of more members, the first so many."""


class Serf:
    """All agents of one cluster that can be reached."""

    def __init__(
        self, addresses: list[Address], key: str, hear: Callable[[Overheard], None]
    ) -> None:
        self._key = key
        self._hear = hear
        self._agents = {address: Agent(address, key, hear) for address in addresses}
        self._named = frozenset(addresses)
        self._asking: dict[Address, asyncio.Task[Row]] = {}

    async def look(self, every_us: int) -> Look:
        """Ask everybody at once; who does not answer is silent in this look.

        It waits for those who were named and who answered before. Whoever has never answered, or has
        ceased to, may take his time: hundreds of such would make the others' last word old.
        """
        loop = asyncio.get_running_loop()
        for address, agent in self._agents.items():
            if address not in self._asking and (not agent.why or loop.time() >= agent.retry_at):
                self._asking[address] = asyncio.create_task(agent.look(), name=f"ask {address}")
        awaited = [task for address, task in self._asking.items() if self._waits_for(address)]
        if awaited:
            await asyncio.wait(awaited)
        at = time_ns() // 1_000
        rows: dict[NodeId, Row] = {}
        for address in [address for address, task in self._asking.items() if task.done()]:
            agent, task = self._agents[address], self._asking.pop(address)
            try:
                row = task.result()
            except SerfError as error:
                agent.why, agent.retry_at = str(error), loop.time() + RETRY_S
                continue
            agent.why = ""
            rows[row.name] = row
            self._learn(row)
        silent = {a.name or NodeId(a.address): a.why for a in self._agents.values() if a.why}
        unheard = {n: why for n, why in silent.items() if n not in rows}
        return Look(at, every_us, rows, unheard, Telling("Serf", every_us, (), ("round trips",)))

    def _waits_for(self, address: Address) -> bool:
        agent = self._agents[address]
        return not agent.why and (address in self._named or agent.name != NOBODY)

    def _learn(self, row: Row) -> None:
        """Agents of members seen, at the RPC port of whoever was asked."""
        port = row.window.rpartition(":")[2]
        for opinion in row.opinions.values():
            host = opinion.address.rpartition(":")[0]
            address = Address(f"{host}:{port}")
            if host and not host.startswith("127."):
                self.meet(address)

    def meet(self, address: Address) -> None:
        """One more place where an agent may be."""
        if len(self._agents) < AGENTS_MAX and address not in self._agents:
            self._agents[address] = Agent(address, self._key, self._hear)

    @property
    def trouble(self) -> str:
        """Why none of the agents that were named can be read; empty when one can."""
        named = [self._agents[address] for address in sorted(self._named)]
        return named[0].why if all(agent.why for agent in named) else ""

    async def close(self) -> None:
        """Hang up everywhere."""
        asking = list(self._asking.values())
        self._asking.clear()
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)
        await asyncio.gather(*(agent.close() for agent in self._agents.values()))
