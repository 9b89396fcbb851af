"""How much a Redis server may say in answer to one round of questions.

redis-py waits for whatever length a server announces, and keeps all of it. Here what is read is
counted before it is kept, and more than a cluster has to tell is no answer of a redis server.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

REPLIES_MAX: Final = 8 * 1_048_576
"""Bytes a round: a thousand nodes with all slots in single ranges say one of these."""


class TooMuchError(ValueError):
    """More was announced than is read."""


class Budget:
    """What is left of a round."""

    def __init__(self) -> None:
        self.left = REPLIES_MAX

    def take(self, size: int) -> None:
        """Raises TooMuchError."""
        self.left -= size
        if size < 0 or self.left < 0:
            raise TooMuchError


class Reader:
    """A stream as redis-py's parser reads it, each read paid for."""

    def __init__(self, stream: asyncio.StreamReader, budget: Budget) -> None:
        self._stream = stream
        self._budget = budget

    async def readexactly(self, size: int) -> bytes:
        """As a stream's."""
        self._budget.take(size)
        return await self._stream.readexactly(size)

    async def readline(self) -> bytes:
        """As a stream's, which is limited in length already."""
        line = await self._stream.readline()
        self._budget.take(len(line))
        return line

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def bounded(link: Any) -> Budget:
    """Have a connection of redis-py read within a budget from its first byte on, logging in included.

    It takes a parser for this and no reader, and the parser it takes is not the one it reads with;
    `_connect` is where it opens its streams, before anything is said.
    """
    budget, opening = Budget(), link._connect

    async def connect() -> None:
        await opening()
        link._reader = Reader(link._reader, budget)

    link._connect = connect
    return budget
