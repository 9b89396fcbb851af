"""`/kv/{key}`: reading and writing one key over HTTP, after Riak's habits.

Bodies are raw, with their content type; typed values are changed by POST and come back as JSON. The causal context travels in a header: send back what a
read gave, and the write supersedes what was read. Siblings are shown, never chosen from (300).
Every answer says what it proved. Ignores how the node reaches its answer.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from typing import Final

import msgspec

from cluster.api.backend import Backend
from cluster.api.messages import JSON, HttpError, HttpRequest, HttpResponse, unescaped
from cluster.api.routes import copies
from cluster.api.updates import shown, update_from
from cluster.model.values.typed import decode, plain, type_name, typed
from cluster.model.versions import Context, Sibling, replica_of
from cluster.protocol.messages import (
    DeleteRequest,
    GetRequest,
    PutRequest,
    ReadResponse,
    Refusal,
    UpdateRequest,
    WriteResponse,
)

PREFIX: Final = "/kv/"
CONTEXT: Final = "X-Masterless-Context"
PROOF: Final = "X-Masterless-Proof"
TYPE: Final = "X-Masterless-Type"
QUORUM_MAX: Final = 1_000

_MEDIA_TYPE: Final = re.compile(r"[\w.+*-]+/[\w.+*-]+(;[ \w.+=\"-]*)*\Z", re.ASCII)
_MEDIA_TYPE_CHARS_MAX: Final = 200
_RAW: Final = "application/octet-stream"

# A value is somebody's bytes: a browser must neither guess its type nor run it as our page.
_INERT: Final = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'",
}

_context = msgspec.msgpack.Decoder(Context)


async def handle(backend: Backend, request: HttpRequest) -> HttpResponse:
    """Answer one request under `/kv/`."""
    key = _key(request.path, backend.config.data.key_bytes_max)
    match request.method:
        case "GET" if "here" in request.query:
            return await copies.handle(backend, key, request)
        case "GET":
            quorum = _quorums(request, "r", "pr")
            question = GetRequest(key, quorum["r"], quorum["pr"])
        case "PUT":
            quorum = _quorums(request, "w", "pw")
            media = request.headers.get("content-type", _RAW)
            if len(media) > _MEDIA_TYPE_CHARS_MAX or not _MEDIA_TYPE.match(media):
                raise HttpError(400, "bad header", "Content-Type is not a media type")
            context = context_from(request.headers.get(CONTEXT.lower(), ""))
            question = PutRequest(key, request.body, media, context, quorum["w"], quorum["pw"])
        case "DELETE":
            quorum = _quorums(request, "w", "pw")
            context = context_from(request.headers.get(CONTEXT.lower(), ""))
            question = DeleteRequest(key, context, quorum["w"], quorum["pw"])
        case "POST":
            given = request.parameters("type", "w", "pw")
            update = update_from(given.pop("type", ""), request.body)
            quorum = _numbers(given, "w", "pw")
            question = UpdateRequest(key, update, quorum["w"], quorum["pw"])
        case _:
            allowed = {"Allow": "GET, PUT, DELETE, POST"}
            raise HttpError(405, "method not allowed", "GET, PUT, DELETE or POST a key", allowed)
    response = await backend.request(question)
    match response:
        case ReadResponse():
            return _read(response)
        case WriteResponse():
            return _written(response, deleted=request.method == "DELETE")
        case Refusal(status, error, detail):
            raise HttpError(status, error, detail)
        case _:
            raise AssertionError(f"not an answer to {type(question).__name__}")


def context_from(header: str) -> Context:
    """The causal context in a header; none is the empty one."""
    if not header:
        return {}
    try:
        return _context.decode(b64decode(header, validate=True))
    except (Base64Error, ValueError, msgspec.MsgspecError):
        raise HttpError(400, "bad header", f"{CONTEXT} is not one that a read gave") from None


def context_header(context: Context) -> str:
    """The header that `context_from` reads."""
    return b64encode(msgspec.msgpack.encode(context)).decode()


def _key(path: str, bytes_max: int) -> bytes:
    key = unescaped(path[len(PREFIX) :], "key")
    if not key:
        raise HttpError(400, "empty key", "a key has at least one byte: /kv/KEY")
    if len(key) > bytes_max:
        raise HttpError(413, "key too long", f"a key has at most {bytes_max} bytes")
    return key


def _quorums(request: HttpRequest, *names: str) -> dict[str, int]:
    return _numbers(request.parameters(*names), *names)


def _numbers(given: dict[str, str], *names: str) -> dict[str, int]:
    quorums = dict.fromkeys(names, 0)
    for name, text in given.items():
        whole = text.isascii() and text.isdigit() and len(text) <= 4
        if not whole or not 1 <= int(text) <= QUORUM_MAX:
            raise HttpError(400, "bad number", f"{name} is a number of replicas, at least 1")
        quorums[name] = int(text)
    return quorums


# --- answers -------------------------------------------------------------------------------------


def _read(response: ReadResponse) -> HttpResponse:
    siblings = response.versions.siblings
    headers = {PROOF: _proof("ok", response.replicas, response.primaries), **_INERT}
    if response.versions.context:
        headers[CONTEXT] = context_header(response.versions.context)
    if all(sibling.value is None for sibling in siblings):
        said = "it was deleted" if siblings else "nothing was ever written there"
        raise HttpError(404, "absent", said, headers)
    found = typed(response.versions)
    if found is not None:
        kind, value = found
        return HttpResponse(200, shown(kind, value), headers={**headers, TYPE: kind})
    if len(siblings) == 1:
        only = siblings[0]
        return HttpResponse(200, only.value or b"", _safe_type(only.content_type), headers)
    body = {
        "siblings": [_shown(sibling) for sibling in siblings],
        "context": headers.get(CONTEXT, ""),
    }
    return HttpResponse(300, msgspec.json.encode(body), headers=headers)


def _shown(sibling: Sibling) -> dict[str, object]:
    value, content_type = sibling.value, sibling.content_type
    state = decode(sibling)
    if state is not None:
        # A typed value in conflict with another kind: shown as what a reader of it alone gets.
        value, content_type = shown(type_name(state), plain(state)), JSON
    return {
        "value": None if value is None else b64encode(value).decode(),
        "content_type": content_type,
        "deleted": value is None,
        "replica": replica_of(sibling.actor),
        "written_at": sibling.written_at,
    }


def _written(response: WriteResponse, *, deleted: bool) -> HttpResponse:
    headers = {PROOF: _proof(response.outcome, response.replicas, response.primaries)}
    if response.context:
        headers[CONTEXT] = context_header(response.context)
    proved = {
        "outcome": response.outcome,
        "replicas": response.replicas,
        "primaries": response.primaries,
    }
    if response.outcome == "ok":
        # One actor that has counted to one: the key had no history before this write.
        first = not deleted and list(response.context.values()) == [1]
        body = {**proved, "siblings": response.siblings}
        return HttpResponse(201 if first else 200, msgspec.json.encode(body), headers=headers)
    may_land = response.outcome == "maybe written"
    detail = response.detail or "too few replicas answered"
    detail += "; the write may still land" if may_land else "; nothing was written"
    error = HttpError(503, "quorum not reached", detail, headers)
    return error.response(**proved, may_still_land=may_land)


def _proof(outcome: str, replicas: tuple[str, ...], primaries: int) -> str:
    proof = {"outcome": outcome, "replicas": replicas, "primaries": primaries}
    return msgspec.json.encode(proof).decode()


def _safe_type(content_type: str) -> str:
    """A stored type came from some client over some port: only a plain one goes into a header."""
    fits = len(content_type) <= _MEDIA_TYPE_CHARS_MAX and _MEDIA_TYPE.match(content_type)
    return content_type if fits else _RAW
