"""All Serf agents of one cluster that can be reached: the adapter."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from time import time_ns
from typing import Final

from cluster.model.member import Address, NodeId
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

    async def look(self, every_us: int) -> Look:
        """Ask everybody at once; who does not answer is silent in this look."""
        loop = asyncio.get_running_loop()
        due = [a for a in self._agents.values() if not a.why or loop.time() >= a.retry_at]
        answers = await asyncio.gather(*(a.look() for a in due), return_exceptions=True)
        at = time_ns() // 1_000
        rows: dict[NodeId, Row] = {}
        for agent, answer in zip(due, answers, strict=True):
            if isinstance(answer, BaseException):
                if not isinstance(answer, SerfError):
                    raise answer
                agent.why, agent.retry_at = str(answer), loop.time() + RETRY_S
                continue
            agent.why = ""
            rows[answer.name] = answer
            self._learn(answer)
        silent = {a.name or NodeId(a.address): a.why for a in self._agents.values() if a.why}
        unheard = {n: why for n, why in silent.items() if n not in rows}
        return Look(at, every_us, rows, unheard, Telling("Serf", every_us, (), ("round trips",)))

    def _learn(self, row: Row) -> None:
        """Agents of members seen, at the RPC port of whoever was asked."""
        port = row.window.rpartition(":")[2]
        for opinion in row.opinions.values():
            host = opinion.address.rpartition(":")[0]
            address = Address(f"{host}:{port}")
            known = len(self._agents) >= AGENTS_MAX or address in self._agents
            if host and not known and not host.startswith("127."):
                self._agents[address] = Agent(address, self._key, self._hear)

    @property
    def trouble(self) -> str:
        """Why none of the agents that were named can be read; empty when one can."""
        named = [self._agents[address] for address in sorted(self._named)]
        return named[0].why if all(agent.why for agent in named) else ""

    async def close(self) -> None:
        """Hang up everywhere."""
        await asyncio.gather(*(agent.close() for agent in self._agents.values()))
