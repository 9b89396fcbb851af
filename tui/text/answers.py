"""`kv`: an answer of `/kv/KEY` as a person or a script reads it, and what is said beside it."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any, NamedTuple


class Answer(NamedTuple):
    """What a node said about one key."""

    verb: str
    status: int
    proof: str
    context: str
    body: bytes


def kv_json(said: Answer) -> str:
    """The whole answer as one document."""
    proof = json.loads(said.proof or "{}")
    document: dict[str, Any] = {"status": said.status, "proof": proof, "context": said.context}
    if said.verb == "get" and said.status == 200:
        document["value"] = b64encode(said.body).decode()
    elif said.body:
        document["answer"] = json.loads(said.body)
    return json.dumps(document)


def kv_value(said: Answer, *, for_eyes: bool) -> bytes:
    """What goes to stdout: the bytes that were put, on a terminal ended like a line."""
    if said.verb != "get" or said.status not in (200, 300):
        return b""
    ends = said.status == 200 and (not for_eyes or said.body.endswith(b"\n"))
    return said.body if ends else said.body + b"\n"


def kv_notes(said: Answer) -> list[str]:
    """What goes to stderr: the proof, and the context for `--context`."""
    notes: list[str] = []
    if said.status == 300:
        notes.append("writers did not see each other: these are all their values; put one with")
        notes.append(f"--context {said.context}")
    if said.proof:
        notes.append(f"proof: {said.proof}")
    if said.context and said.status != 300:
        notes.append(f"context: {said.context}")
    return notes
