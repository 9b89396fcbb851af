"""`GET /facts`: a node's facts as they happen, over a WebSocket, for as long as somebody reads.

Each binary message is a MessagePack array of facts: all that were said since the last one, at
most fifty messages a second. `?since=EPOCH.SEQ` resumes after a fact already known; without it,
or when those facts are gone, a snapshot comes first.
"""

from __future__ import annotations

import asyncio
from typing import Final

import msgspec

from cluster.api.backend import Backend, Facts
from cluster.api.messages import HttpError, HttpRequest, Send, Upgrade

OBSERVERS_MAX: Final = 64
FACTS_PER_MESSAGE_MAX: Final = 1_000
GATHER_S: Final = 0.02
"""Facts wait this long for company: a dashboard draws no faster, and each message costs a wake-up."""

_encode = msgspec.msgpack.Encoder().encode


class Observers:
    """All who watch one node."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._count = 0

    def connect(self, request: HttpRequest) -> Upgrade:
        """Answer a request for `/facts`."""
        since = _since(request.parameters("since").get("since", ""))
        if self._count >= OBSERVERS_MAX:
            raise HttpError(503, "too many observers", f"at most {OBSERVERS_MAX} at a time")
        return Upgrade(lambda send: self._feed(send, since))

    async def _feed(self, send: Send, since: tuple[int, int] | None) -> None:
        self._count += 1
        try:
            facts = self._backend.observe(since)
            while await _send_next(send, facts):  # noqa: ASYNC110 - it does await facts
                await asyncio.sleep(GATHER_S)
        finally:
            self._count -= 1


async def _send_next(send: Send, facts: Facts) -> bool:
    batch = await facts.read(FACTS_PER_MESSAGE_MAX)
    if batch:
        await send(_encode(batch))
    return bool(batch)


def _since(text: str) -> tuple[int, int] | None:
    if not text:
        return None
    epoch, dot, seq = text.partition(".")
    if not dot or not all(t.isascii() and t.isdigit() and len(t) <= 18 for t in (epoch, seq)):
        raise HttpError(400, "bad number", "since is EPOCH.SEQ of the last fact known")
    return int(epoch), int(seq)
