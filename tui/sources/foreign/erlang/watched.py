"""A cluster of Erlang or Elixir nodes, each asked itself for whom it lists as connected.

    erlang://NAME@HOST[,NAME@HOST...][?epmd=PORT][&cookie-file=FILE]

We join as a hidden node and ask what `asking.ALLOWED` lists, nothing else. Nobody is ever told to connect
with anybody: each node is called directly, so that nodes that are apart stay apart. A look waits a
moment for slow nodes and goes on without them; what they say then is in the next look.
"""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Iterator
from random import Random
from time import time_ns
from typing import Final

from cluster.model.member import MemberState, NodeId
from cluster.model.summary import Telling
from tui.sources.foreign.erlang.epmd import NODE
from tui.sources.foreign.erlang.handshake import Myself
from tui.sources.foreign.erlang.link import WITHIN_S
from tui.sources.foreign.erlang.member import Calling, Member
from tui.sources.foreign.erlang.mesh import Mesh
from tui.sources.foreign.erlang.portrait import extras
from tui.sources.foreign.seen import Look, Opinion, Row

NODES_MAX: Final = 200
"""Nodes that are asked; of more, those named and the first so many."""
PATIENCE_S: Final = 0.2
"""How long a look waits for who does not answer at once; the first one waits for everybody."""
CREATIONS: Final = (4, 1 << 31)


class Erlang:
    """All nodes that can be found from those named."""

    name = "erlang"

    def __init__(self, named: list[NodeId], epmd: int, cookie: str, chance: Random) -> None:
        self._chance = chance
        self._calling = Calling(epmd, cookie, chance, lambda: asyncio.get_running_loop().time())
        self._members = {name: Member(name, self._calling) for name in named}
        self._named = tuple(named)
        self._asking: dict[NodeId, asyncio.Task[bool]] = {}
        self._mesh = Mesh(named)
        self._names = callers(chance, socket.gethostname())
        self._myself = next(self._names)
        self._looked = False

    async def look(self, every_us: int) -> Look:
        """Ask everybody; whoever is slow is in a later look."""
        # The first waits a little longer than any answer may take, to be told why none came.
        until = self._calling.clock() + PATIENCE_S + (0 if self._looked else WITHIN_S)
        while self._begin() or self._asking:
            left = until - self._calling.clock()
            if left <= 0:
                break
            await asyncio.wait(
                self._asking.values(), timeout=left, return_when=asyncio.FIRST_COMPLETED
            )
            self._end()
            if not self._met() and not self._asking:
                break
        self._looked = True
        return self._seen(every_us)

    def _begin(self) -> bool:
        """Ask everybody who is due and not being asked; whether there was anybody."""
        now = self._calling.clock()
        begun = False
        for name, member in self._members.items():
            if name in self._asking or member.fresh or now < member.retry_at:
                continue
            self._asking[name] = asyncio.create_task(member.ask(self._myself))
            begun = True
        return begun

    def _end(self) -> None:
        for name, task in list(self._asking.items()):
            if task.done():
                del self._asking[name]
                if task.result():
                    self._myself = next(self._names)

    def _met(self) -> bool:
        """Whether nodes were listed that had not been heard of."""
        listed = {
            other
            for member in self._members.values()
            if member.fresh and member.listing is not None
            for other in member.listing.nodes
        }
        new = sorted(listed - {*self._members})[: max(0, NODES_MAX - len(self._members))]
        self._members |= {name: Member(name, self._calling) for name in new}
        return bool(new)

    def _seen(self, every_us: int) -> Look:
        fresh = {m.name: m for m in self._members.values() if m.fresh}
        told = [m for m in self._members.values() if m.fresh or not m.why]
        listings = {m.name: m.listing for m in told if m.listing is not None}
        held = self._mesh.opinions(listings, self._calling.clock())
        rows = {name: _row(member, held[name]) for name, member in fresh.items()}
        for member in fresh.values():
            member.fresh = False
        silent = {m.name: m.why for m in self._members.values() if m.why and m.name not in rows}
        self._forget(silent)
        telling = Telling("Erlang", every_us, ("memory", "uptime"), suspects=False)
        return Look(time_ns() // 1_000, every_us, rows, silent, telling)

    def _forget(self, silent: dict[NodeId, str]) -> None:
        """Who is silent and remembered by nobody is not called any more."""
        for name in silent:
            if name not in self._named and name not in self._asking and not self._mesh.knows(name):
                del self._members[name]

    @property
    def trouble(self) -> str:
        """Why none of the nodes that were named can be read; empty when one can."""
        named = [self._members[name] for name in self._named]
        return named[0].why if all(member.why for member in named) else ""

    async def close(self) -> None:
        """Hang up everywhere."""
        for task in self._asking.values():
            task.cancel()
        await asyncio.gather(*self._asking.values(), return_exceptions=True)
        self._asking.clear()
        await asyncio.gather(*(member.close() for member in self._members.values()))


def callers(chance: Random, host: str) -> Iterator[Myself]:
    """As whom we call. Nodes keep every name they ever heard, so there are no more than 65,536."""
    place = re.sub(r"[^A-Za-z0-9._-]", "-", host)[:64] or "localhost"
    while True:
        name = f"masterless-{chance.getrandbits(16):04x}@{place}"
        yield Myself(name, chance.randrange(*CREATIONS))


def named(rest: str) -> list[NodeId]:
    """The nodes in an address. Raises ValueError."""
    nodes = rest.rstrip("/").split(",")
    if not all(NODE.match(node) for node in nodes):
        raise ValueError(rest)
    return list(dict.fromkeys(map(NodeId, nodes)))


def _row(member: Member, opinions: dict[NodeId, Opinion]) -> Row:
    said = member.said
    return Row(
        name=member.name,
        opinions={**opinions, member.name: Opinion(MemberState.ALIVE, member.address)},
        engine=f"Erlang/OTP {said.release} (erts {said.version})",
        started_at=said.started_at,
        resident_bytes=said.memory.get("total", 0),
        extras=extras(said),
    )
