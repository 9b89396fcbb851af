"""Asking a host's port mapper (epmd) at which port a node listens: one question, one answer."""

from __future__ import annotations

import asyncio
import os
import re
from struct import pack, unpack_from
from typing import Final

PORT: Final = 4_369
SPEAKS: Final = 6
"""The version of the distribution protocol that is spoken here: OTP 23 and later."""
ANSWER_MAX: Final = 4_096
PORT_PLEASE: Final = 122
HERE_IT_IS: Final = 119
NODE: Final = re.compile(r"[A-Za-z0-9_.+~-]{1,120}@[A-Za-z0-9_.:\[\]-]{1,120}\Z")
"""A node's name. What is listed and is none is not spoken of, and nobody is called by it."""


class ErlangError(Exception):
    """A node cannot be read: one sentence."""


def asked_at(text: str) -> int:
    """The port that port mappers listen at: as given, else as Erlang's own programs are told.

    Raises ErlangError.
    """
    said = text or os.environ.get("ERL_EPMD_PORT") or str(PORT)
    digits = said.isascii() and said.isdigit() and len(said) <= 5
    if not (digits and 0 < int(said) < 65_536):
        where = "epmd=" if text else "ERL_EPMD_PORT"
        raise ErlangError(f"{where} has to be the port of the port mapper (epmd), 1 to 65535")
    return int(said)


def question(name: str) -> bytes:
    """Where does this node listen?"""
    raw = name.encode()
    return pack(">HB", len(raw) + 1, PORT_PLEASE) + raw


def answered(raw: bytes, node: str) -> int:
    """The port in an answer. Raises ErlangError."""
    name, _, host = node.partition("@")
    if len(raw) < 2 or raw[0] != HERE_IT_IS:
        raise ErlangError(
            f"what listens at {host} is no port mapper (epmd), so {node} is not found"
        )
    if raw[1]:
        raise ErlangError(f"{node} is not up: the port mapper (epmd) of {host} knows no {name}")
    if len(raw) < 10:
        raise ErlangError(
            f"the port mapper (epmd) of {host} hung up before it said where {node} is"
        )
    port, highest, lowest = *unpack_from(">H", raw, 2), *unpack_from(">HH", raw, 6)
    if highest < SPEAKS:
        raise ErlangError(
            f"{node} speaks version {highest} of Erlang's distribution, and only {SPEAKS} is read "
            "here (OTP 23 and later)"
        )
    if lowest > SPEAKS:
        raise ErlangError(
            f"{node} speaks version {lowest} of Erlang's distribution or later, and only {SPEAKS} "
            "is read here"
        )
    return int(port)


async def port_of(node: str, epmd: int) -> int:
    """Where a node listens, from the port mapper of its host. Raises ErlangError."""
    name, _, host = node.partition("@")
    try:
        reader, writer = await asyncio.open_connection(host, epmd)
    except (OSError, UnicodeError) as error:
        why = reason(error)
        raise ErlangError(
            f"no port mapper (epmd) answers at {host}:{epmd} ({why}), so {node} is not found"
        ) from None
    try:
        writer.write(question(name))
        raw = b""
        while len(raw) < ANSWER_MAX and (more := await reader.read(ANSWER_MAX)):
            raw += more
    except OSError:
        raw = b""
    finally:
        writer.close()
    return answered(raw, node)


def mute(node: str, epmd: int) -> str:
    """When the port mapper says nothing."""
    host = node.partition("@")[2]
    return f"{host}:{epmd} takes connections but does not answer as a port mapper (epmd), so {node} is not found"


def reason(error: OSError | UnicodeError) -> str:
    """In the system's words, without asyncio's."""
    if isinstance(error, UnicodeError):  # an empty part of it, or one over 63 letters
        return "that can be no host's name"
    known = error.errno is not None and error.errno > 0  # a name that is not found has others
    return os.strerror(error.errno) if known and error.errno else error.strerror or str(error)
