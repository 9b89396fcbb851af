"""`/topics/{topic}`: publishing by POST, and listening over a WebSocket by GET.

A message is one text frame of JSON: `{"topic", "origin", "number", "hops", "encoding", "payload"}`,
the payload as it is where it is UTF-8 text, else as base64. Who reads too slowly loses the oldest
messages and is told so in between: `{"topic", "missed"}`. `POST ?apart=1` publishes the naive way,
one message for each subscriber wherever it is. `number` counts what its origin publishes in one
life on all topics together, so that a gap is no loss; apart it is 0, as such a message is kept
nowhere and can never be asked for again. Ignores how messages travel.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from typing import Final

import msgspec

from cluster.api.backend import Backend
from cluster.api.messages import (
    HttpError,
    HttpRequest,
    HttpResponse,
    Send,
    Upgrade,
    json_response,
    unescaped,
)
from cluster.protocol.effects import Scattered
from cluster.protocol.inputs import PublishCommand, ScatterCommand
from cluster.protocol.messages import TOPIC_CHARACTERS_MAX, Item, Refusal

PREFIX: Final = "/topics/"
Frame = Callable[[Item], str]
"""What listeners are sent of a message."""
LISTENERS_MAX: Final = 384
"""Who listens holds a connection: the rest of the window's is for everybody else."""


class Audience:
    """All who listen at one node's window."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._count = 0
        self._said: tuple[Item, Frame, str] | None = None
        """The latest message and its frame, which is the same for all who listen alike."""

    async def handle(self, request: HttpRequest) -> HttpResponse:
        """Answer one request under `/topics/`."""
        topic = _topic(request.path)
        match request.method:
            case "POST":
                return await self._publish(topic, request)
            case "GET":
                request.parameters()
                raise self.connect(topic)
            case _:
                allowed = {"Allow": "GET, POST"}
                raise HttpError(405, "method not allowed", "GET or POST a topic", allowed)

    async def _publish(self, topic: str, request: HttpRequest) -> HttpResponse:
        apart = request.parameters("apart").get("apart", "0")
        if apart not in ("0", "1"):
            raise HttpError(400, "bad number", "apart is 1 for a message to each subscriber, or 0")
        command = ScatterCommand if apart == "1" else PublishCommand
        response = await self._backend.request(command(topic, request.body))
        match response:
            case Item(number=number, origin=origin):
                return json_response({"topic": topic, "origin": origin, "number": number})
            case Scattered(subscribers, silent):
                wire = sum(n for node, n in subscribers.items() if node != self._backend.name)
                said = {"subscribers": subscribers, "messages": wire, "silent": silent}
                return json_response({"topic": topic, **said})
            case Refusal(status, error, detail):
                raise HttpError(status, error, detail)
            case _:
                raise AssertionError("not an answer to what publishes")

    def connect(self, topic: str, framed: Frame | None = None) -> Upgrade:
        """Listen to a topic over the WebSocket that asked; `framed`: as other frames than usual."""
        if self._count >= LISTENERS_MAX:
            raise HttpError(503, "too many listeners", f"at most {LISTENERS_MAX} at one node")
        return Upgrade(lambda send: self._feed(send, topic, framed or frame))

    async def _feed(self, send: Send, topic: str, framed: Frame) -> None:
        listener = await self._backend.listen(topic)
        if isinstance(listener, Refusal):
            await send(_text({"error": listener.error, "detail": listener.detail}))
            return
        self._count += 1
        try:
            while True:
                missed, items = await listener.read()
                if missed:
                    await send(_text({"topic": topic, "missed": missed}))
                for item in items:
                    await send(self._frame(item, framed))
                if not items:
                    return
        finally:
            self._count -= 1
            listener.close()

    def _frame(self, item: Item, framed: Frame) -> str:
        said = self._said
        if said is None or said[0] is not item or said[1] is not framed:
            said = self._said = (item, framed, framed(item))
        return said[2]


def frame(item: Item) -> str:
    """A message as listeners get it."""
    try:
        encoding, payload = "utf-8", item.payload.decode()
    except UnicodeDecodeError:
        encoding, payload = "base64", b64encode(item.payload).decode()
    return _text(
        {
            "topic": item.topic,
            "origin": item.origin,
            "number": item.number,
            "hops": item.hops,
            "encoding": encoding,
            "payload": payload,
        }
    )


def _text(said: dict[str, object]) -> str:
    return msgspec.json.encode(said).decode()


def _topic(path: str) -> str:
    try:
        topic = unescaped(path[len(PREFIX) :], "topic").decode()
    except UnicodeDecodeError:
        raise HttpError(400, "bad topic", "a topic is text, in UTF-8") from None
    if not topic or len(topic) > TOPIC_CHARACTERS_MAX:
        limit = f"a topic has 1 to {TOPIC_CHARACTERS_MAX} characters: /topics/TOPIC"
        raise HttpError(400, "bad topic", limit)
    return topic
