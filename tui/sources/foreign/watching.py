"""Foreign engines as a source of facts: a look some times a second, and what is overheard between.

Decides how often (what an engine tells by itself is not waited for), and which adapter an address is
for. Adding an engine is one file with a class that has `look`, `trouble` and `close`, and a line in
`ENGINES`. Nothing here is specific to any of them. What is secret in an address is never shown.
"""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import AsyncGenerator, Callable
from random import Random
from secrets import randbits
from time import time_ns
from typing import Final, Protocol
from urllib.parse import parse_qs, urlsplit

from msgspec import Struct

from cluster.model.facts import Fact
from cluster.model.member import Address
from tui.fold import fold
from tui.sources.foreign.customs import sentence
from tui.sources.foreign.seen import Look, Overheard
from tui.sources.foreign.teller import Teller
from tui.sources.live import LiveSource
from tui.view import ClusterView

EVERY_S: Final = 0.25
"""Between two looks."""
LOOKS_S: Final = 1.0
"""Between two looks of somebody who only wants to hear what is new."""
ALSO_MAX: Final = 16
"""Places that are tried beside those that were named."""
FACTS_MAX: Final = 100_000
"""That wait to be drained; then the oldest go."""
Take = Callable[[Fact], None]
Hear = Callable[[Overheard], None]


class Adapter(Protocol):
    """One foreign cluster, of one engine."""

    @property
    def trouble(self) -> str:
        """Why nobody who was named can be read, in one sentence; empty when somebody can."""
        ...

    async def look(self, every_us: int) -> Look:
        """Ask everybody at once. Raises nothing for who does not answer: he is silent."""
        ...

    async def close(self) -> None:
        """Hang up everywhere."""
        ...


class Engine(Struct, frozen=True):
    """One kind of cluster that can be looked at."""

    scheme: str
    form: str
    """What stands behind `scheme://`, for people."""
    open: Callable[[str, Hear], Adapter]
    """Given what stands there. Raises ValueError when it is nothing of that form."""
    every_s: float = EVERY_S
    """Between two looks; each costs every node an answer."""


def _serf(rest: str, hear: Hear) -> Adapter:
    from tui.sources.foreign.serf.agents import PORT, Serf

    addresses, options = places(rest, PORT)
    return Serf(addresses, options.get("auth", ""), hear)


def _erlang(rest: str, _hear: Hear) -> Adapter:
    from tui.sources.foreign.erlang.cookies import cookie
    from tui.sources.foreign.erlang.epmd import ErlangError, asked_at
    from tui.sources.foreign.erlang.watched import Erlang, named

    nodes, _, query = rest.partition("?")
    if not nodes.isascii():
        strange = next(sign for sign in nodes if not sign.isascii())
        raise ForeignError(
            f"names of Erlang nodes are looked for in ASCII only and {strange!r} is none; "
            "give the name of another node of that cluster"
        )
    given = {key: values[-1] for key, values in parse_qs(query).items()}
    if "cookie" in given:
        raise ForeignError(
            "a cookie in an address is shown to all; name its file with --cookie FILE"
        )
    found = named(nodes)
    try:
        known = cookie(given.get("cookie-file", ""))
        return Erlang(found, asked_at(given.get("epmd", "")), known, Random(randbits(64)))
    except ErlangError as error:
        raise ForeignError(str(error)) from None


def _redis(rest: str, hear: Hear) -> Adapter:
    return _redis_over(rest, hear, tls=False)


def _rediss(rest: str, hear: Hear) -> Adapter:
    return _redis_over(rest, hear, tls=True)


def _redis_over(rest: str, _hear: Hear, *, tls: bool) -> Adapter:
    from tui.sources.foreign.redis_cluster import PORT, Redis, login

    named, mark, query = rest.partition("?")
    user, _, hosts = named.rpartition("@")
    addresses, options = places(hosts + mark + query, PORT)
    return Redis(addresses, login(user, options, tls=tls))


_HOSTS: Final = "HOST:PORT[,HOST:PORT...]"
ENGINES: Final = {
    engine.scheme: engine
    for engine in (
        Engine("serf", _HOSTS, _serf),
        Engine("erlang", "NAME@HOST[,NAME@HOST...]", _erlang),
        Engine("redis", f"[USER:PASSWORD@]{_HOSTS}", _redis, 0.1),
        Engine("rediss", f"[USER:PASSWORD@]{_HOSTS}[?ssl_ca_certs=FILE]", _rediss, 0.1),
    )
}


_OPTION: Final = re.compile(r"(auth|ssl_\w+)=")
"""Behind `?` stand options, unless a password holds that sign."""
_PLACES: Final = re.compile(r"(^|@)[\w.\[\]:-]*:\d+(,[\w.\[\]:-]*:\d+)*/?$")


class ForeignError(Exception):
    """An address that names no cluster we can read, or one that nobody answers for."""


def is_foreign(address: str) -> bool:
    """Whether an address is one of another engine's clusters."""
    return "://" in address and not address.startswith("http://")


def opened(address: str, hear: Hear) -> Adapter:
    """The adapter for an address. Raises ForeignError."""
    scheme, _, rest = address.partition("://")
    engine = ENGINES.get(scheme)
    if engine is None:
        known = ", ".join(f"{name}://{engine.form}" for name, engine in ENGINES.items())
        raise ForeignError(f"{scheme}:// is no engine this program reads; it reads {known}")
    try:
        return engine.open(rest, hear)
    except ValueError:
        raise ForeignError(
            f"{shown(address)!r} is no address; write {scheme}://{engine.form}"
        ) from None


def shown(address: str) -> str:
    """An address as it may stand on a screen or in a file: without its key or password."""
    if not is_foreign(address):
        return address
    named, _, query = address.partition("?")
    scheme, _, rest = named.partition("://")
    given = _OPTION.match(query) and _PLACES.search(rest)
    if "@" in query and scheme != "erlang" and not given:  # a password with a ? in it: all before
        return f"{scheme}://{query.rpartition('@')[2]}"
    user, at, host = rest.rpartition("@")
    name = user.partition(":")[0] + at if scheme == "erlang" or user.partition(":")[0] else ""
    return f"{scheme}://{name}{host}"


def places(rest: str, port: int) -> tuple[list[Address], dict[str, str]]:
    """The hosts named, and what is said behind `?`."""
    named, _, query = rest.partition("?")
    places: list[Address] = []
    for place in named.rstrip("/").split(","):
        parts = urlsplit(f"//{place}")
        if not parts.hostname:
            raise ValueError(place)
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        if parts.port == 0:
            raise ValueError(place)
        places.append(Address(f"{host}:{parts.port or port}"))
    return places, {key: values[-1] for key, values in parse_qs(query).items()}


class ForeignSource:
    """A source of facts: looks, one after another."""

    def __init__(self, address: str, also: tuple[str, ...] = ()) -> None:
        self._teller = Teller(time_ns() // 1_000_000)
        self._take: Take = lambda _fact: None
        self._task: asyncio.Task[None] | None = None
        self._buffer: deque[Fact] = deque(maxlen=FACTS_MAX)
        self._adapter = opened(beside(address, also), self._overheard)
        self._every_s = ENGINES[address.partition("://")[0]].every_s

    @property
    def trouble(self) -> str:
        """Why nobody can be read."""
        return sentence(self._adapter.trouble)

    async def look(self) -> list[Fact]:
        """One look, and what it adds."""
        return self._teller.tell(await self._adapter.look(round(self._every_s * 1e6)))

    def _overheard(self, word: Overheard) -> None:
        fact = self._teller.overheard(word)
        if fact is not None:
            self._take(fact)

    def start(self) -> None:
        """Begin to look; what is told waits for `drain`."""
        self._task = asyncio.create_task(self.run(self._buffer.append), name="foreign")

    def drain(self) -> list[Fact]:
        """All facts since the last call. Raises what ended the looking, if anything did."""
        if self._task is not None and self._task.done() and not self._task.cancelled():
            self._task.result()
        facts = list(self._buffer)
        self._buffer.clear()
        return facts

    async def run(self, take: Take) -> None:
        """Give each fact to `take` until cancelled."""
        self._take = take
        loop = asyncio.get_running_loop()
        try:
            due = loop.time()
            while True:
                for fact in await self.look():
                    take(fact)
                due = max(due + self._every_s, loop.time())
                await asyncio.sleep(due - loop.time())
        finally:
            await self._adapter.close()

    async def close(self) -> None:
        """End looking, hang up."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])
        await self._adapter.close()


async def looked(address: str) -> tuple[ClusterView, int, str]:
    """One look at a cluster: (view, now, why nobody could be read). Raises ForeignError."""
    source = ForeignSource(address)
    try:
        facts, at = await source.look(), time_ns() // 1_000
        return (
            fold(ClusterView(), facts),
            at,
            source.trouble,
        )  # how long that takes makes nobody old
    finally:
        await source.close()


def beside(address: str, also: tuple[str, ...]) -> str:
    """An address that names these places too: whoever was named first may be gone by now."""
    named, mark, query = address.partition("?")
    more = [place for place in also if not named.endswith((f"/{place}", f",{place}", f"@{place}"))]
    return ",".join([named.rstrip("/"), *more[:ALSO_MAX]]) + mark + query if more else address


def source_of(address: str, also: tuple[str, ...] = ()) -> LiveSource | ForeignSource:
    """Whatever reads the cluster at an address, found `also` there. Raises ForeignError."""
    return ForeignSource(address, also) if is_foreign(address) else LiveSource([Address(address)])


async def looks(address: str) -> AsyncGenerator[tuple[ClusterView, int, str]]:
    """One look after another, each a second after the one before, with all that was seen before.

    (view, now, why nobody could be read). Raises ForeignError.
    """
    source, view = ForeignSource(address), ClusterView()
    try:
        while True:
            facts, at = await source.look(), time_ns() // 1_000
            view = fold(view, facts)
            yield view, at, source.trouble
            await asyncio.sleep(LOOKS_S)
    finally:
        await source.close()
