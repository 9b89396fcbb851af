"""HTTP as values: a request that was read whole, an answer to be written whole, or a WebSocket.

Decides how errors look: one JSON shape, `{"error", "detail"}`, whatever went wrong.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any, Final
from urllib.parse import parse_qsl, unquote_to_bytes

import msgspec
from msgspec import Struct, field

JSON: Final = "application/json"
_BAD_ESCAPE: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")

Send = Callable[[bytes | str], Awaitable[None]]
"""Sends one message, binary or text, once the other side has room for it."""
Feed = Callable[[Send], Awaitable[None]]
"""Says over a WebSocket what there is to say; when it returns, the WebSocket is closed."""


class HttpRequest(Struct, frozen=True):
    """A request. Header names are lower case; the path is as it came, still percent-encoded."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes = b""

    def parameters(self, *allowed: str) -> dict[str, str]:
        """The query's parameters; one that is not allowed here is an error."""
        try:
            pairs = parse_qsl(
                self.query, keep_blank_values=True, strict_parsing=True, max_num_fields=16
            )
        except ValueError:
            if not self.query:
                return {}
            raise HttpError(400, "bad query", "write it as ?name=value&name=value") from None
        for name, _ in pairs:
            if name not in allowed:
                known = ", ".join(allowed) or "none"
                raise HttpError(400, "unknown parameter", f"{name[:40]!r} (there are: {known})")
        return dict(pairs)


class HttpResponse(Struct, frozen=True):
    """An answer."""

    status: int
    body: bytes = b""
    content_type: str = JSON
    headers: dict[str, str] = field(default_factory=dict[str, str])


class HttpError(Exception):
    """The request cannot be answered as asked."""

    def __init__(
        self, status: int, error: str, detail: str, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(f"{error}: {detail}")
        self.status = status
        self.error = error
        self.detail = detail
        self.headers = headers or {}

    def response(self, **more: object) -> HttpResponse:
        """As it is sent."""
        body = {"error": self.error, "detail": self.detail, **more}
        return HttpResponse(self.status, msgspec.json.encode(body), headers=self.headers)


class Upgrade(Exception):  # noqa: N818 - not an error: how a handler hands its connection on
    """Raised by a handler: go on as a WebSocket on which `feed` speaks."""

    def __init__(self, feed: Feed) -> None:
        super().__init__("upgrade")
        self.feed = feed


def unescaped(text: str, what: str) -> bytes:
    """A part of a path without its percent signs. `what` it is, for the refusal."""
    if _BAD_ESCAPE.search(text):
        raise HttpError(400, f"bad {what}", "a % is followed by two hexadecimal digits")
    return unquote_to_bytes(text)


def json_response(value: Any, status: int = 200) -> HttpResponse:
    """Anything msgspec can encode, as JSON."""
    return HttpResponse(status, msgspec.json.encode(value))
