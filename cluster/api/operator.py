"""A client of a node's window: snapshots, commands, faults, keys, over HTTP.

For tools and tests; aiohttp is imported only when one is made. Trouble is one error with one
sentence and the status that came with it (0: nothing answered).
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from types import TracebackType
from typing import Any, Final
from urllib.parse import quote

import msgspec

from cluster.api.reading import read_fact, read_facts
from cluster.model.facts import Fact, SnapshotTaken
from cluster.model.member import Address

TIMEOUT_S: Final = 10.0
MESSAGE_PACK: Final = "application/msgpack"


class WindowError(Exception):
    """The window refused, or nothing answered there. Its text is one sentence."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status


class Reply(msgspec.Struct, frozen=True):
    """What a window answered."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON."""
        return msgspec.json.decode(self.body)


class WindowClient:
    """One node's window."""

    def __init__(self, window: Address, *, timeout_s: float = TIMEOUT_S) -> None:
        import aiohttp

        self._window = window
        self._root = f"http://{window}"
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=timeout_s))
        self._trouble = (aiohttp.ClientError, TimeoutError, OSError)

    async def __aenter__(self) -> WindowClient:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Hang up."""
        await self._session.close()

    async def send(
        self,
        method: str,
        path: str,
        *,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> Reply:
        """Any request; `path` is percent-encoded already. Only silence is an error."""
        from yarl import URL

        url = URL(self._root + path, encoded=True)
        try:
            async with self._session.request(method, url, data=body, headers=headers) as got:
                return Reply(got.status, dict(got.headers), await got.read())
        except self._trouble as error:
            raise WindowError(0, f"Nothing answers at {self._window}: {error}.") from None

    async def snapshot(self) -> tuple[Fact, SnapshotTaken]:
        """The node's whole state."""
        reply = _fine(await self.send("GET", "/snapshot", headers={"Accept": MESSAGE_PACK}))
        fact = read_fact(reply.body)
        if not isinstance(fact.payload, SnapshotTaken):
            raise WindowError(502, f"{self._window} is not a node's window.")
        return fact, fact.payload

    async def facts(self, since: tuple[int, int] | None = None) -> AsyncGenerator[list[Fact]]:
        """Facts as they happen, after a snapshot, or after fact `since` (epoch, seq)."""
        query = "" if since is None else f"?since={since[0]}.{since[1]}"
        try:
            async with self._session.ws_connect(
                f"{self._root}/facts{query}", max_msg_size=0
            ) as socket:
                async for message in socket:
                    if isinstance(message.data, bytes):
                        yield read_facts(message.data)
        except self._trouble as error:
            raise WindowError(0, f"Nothing answers at {self._window}: {error}.") from None

    async def join(self, address: Address) -> None:
        """Tell the node to join the cluster of another."""
        await self._order("/command", {"command": "join", "address": address})

    async def leave(self) -> None:
        """Tell the node to leave its cluster and end."""
        await self._order("/command", {"command": "leave"})

    async def drain(self, *, on: bool = True) -> None:
        """Tell the node to give up its places and stay, or to take places again."""
        await self._order("/command", {"command": "drain" if on else "undrain"})

    async def transfer(self, partition: int, do: str) -> None:
        """Cancel the filling of one partition at this node, or resume it."""
        await self._order("/command", {"command": "transfer", "partition": partition, "do": do})

    async def fault(self, kind: str, **what: object) -> tuple[str, ...]:
        """Hurt or heal the node's transport; returns what is in force."""
        reply = await self._order("/fault", {"kind": kind, **what})
        return tuple(reply.json()["in_force"])

    async def put(self, key: str, value: bytes, *, context: str = "", query: str = "") -> Reply:
        """Write a value."""
        headers = {"Content-Type": "application/octet-stream"}
        if context:
            headers["X-Masterless-Context"] = context
        return await self.send("PUT", key_path(key) + query, body=value, headers=headers)

    async def get(self, key: str, *, query: str = "") -> Reply:
        """Read a key."""
        return await self.send("GET", key_path(key) + query)

    async def _order(self, path: str, order: dict[str, object]) -> Reply:
        return _fine(await self.send("POST", path, body=msgspec.json.encode(order)))


def key_path(key: str) -> str:
    """The path of a key, whatever characters it has."""
    return "/kv/" + quote(key, safe="")


def _fine(reply: Reply) -> Reply:
    if reply.status != 200:
        try:
            said = reply.json()
            detail = f"{said['error']}: {said['detail']}"
        except (msgspec.MsgspecError, KeyError, TypeError):
            detail = f"status {reply.status}"
        raise WindowError(reply.status, detail)
    return reply
