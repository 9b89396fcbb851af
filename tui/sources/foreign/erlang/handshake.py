"""How two nodes meet (distribution protocol, version 6): names, a challenge each way, the cookie.

We are a *hidden* node: we leave out PUBLISHED, so that the node we speak with tells nobody of us and
connects nobody to us. The cookie is never sent, only a digest of it and of the other's challenge;
the other has to prove that it knows it too. Bytes in, bytes out; `link.py` owns the socket.
"""

from __future__ import annotations

from hashlib import md5
from hmac import compare_digest
from struct import pack, unpack_from
from typing import Final

from msgspec import Struct

from tui.sources.foreign.erlang.epmd import ErlangError

PUBLISHED: Final = 0x1
HANDSHAKE_23: Final = 0x100_0000
FLAGS: Final = (
    0x4  # extended references
    | 0x10  # funs
    | 0x80  # new funs
    | 0x100  # extended pids and ports
    | 0x200  # exports
    | 0x400  # bit strings
    | 0x800  # new floats
    | 0x1_0000  # atoms in UTF-8
    | 0x2_0000  # maps
    | 0x4_0000  # big creations
    | HANDSHAKE_23
    | 0x200_0000  # the link protocol of OTP 23: must be from OTP 26
    | 1 << 34  # large pids, ports and references: must be from OTP 26
    | 1 << 36  # all that must be from OTP 25, in one bit: must be from OTP 27
    | 1 << 38  # native records: OTP 29 sends them to anybody, and we do read them
)
"""All that OTP 23 to 29 insist on, and what we read: no atom cache, no fragments, no sending of spawns."""
MESSAGE_MAX: Final = 4_096
DIGEST: Final = 16
NAME_AT: Final = 19


class Myself(Struct, frozen=True):
    """As whom we call."""

    name: str
    creation: int


class Challenge(Struct, frozen=True):
    """What the other says of itself, and what we have to answer to."""

    flags: int
    challenge: int
    creation: int
    name: str


def greeting(myself: Myself) -> bytes:
    """The first message: who we are."""
    raw = myself.name.encode()
    return b"N" + pack(">QIH", FLAGS, myself.creation, len(raw)) + raw


def welcomed(raw: bytes, node: str) -> bool:
    """Whether the other goes on; False: it thinks that we are connected already. Raises ErlangError."""
    status = raw[1:].decode("latin-1") if raw[:1] == b"s" else ""
    if status in ("ok", "ok_simultaneous"):
        return True
    if status == "alive":
        return False
    if status == "not_allowed":
        raise ErlangError(
            f"{node} lets only nodes in that it was told of (net_kernel:allow), and not this program"
        )
    if status == "nok":
        raise ErlangError(f"{node} would not speak now; it is asked again")
    raise ErlangError(f"what listens for {node} does not speak as an Erlang node does")


def challenged(raw: bytes, node: str) -> Challenge:
    """The other's challenge. Raises ErlangError."""
    if raw[:1] != b"N" or len(raw) < NAME_AT:
        raise ErlangError(
            f"{node} speaks a version of Erlang's distribution that is not read here (OTP 23 and "
            "later are)"
        )
    flags, challenge, creation, length = unpack_from(">QIIH", raw, 1)
    name = raw[NAME_AT : NAME_AT + length].decode(errors="replace")
    if not flags & HANDSHAKE_23:
        raise ErlangError(f"{node} is older than OTP 23, which is the oldest that is read here")
    if name != node:
        raise ErlangError(f"the node at {node} calls itself {name}: write erlang://{name}")
    return Challenge(flags, challenge, creation, name)


def proof(cookie: str, challenge: int) -> bytes:
    """That we know the cookie, as an answer to this challenge."""
    return md5(f"{cookie}{challenge}".encode("latin-1", "replace"), usedforsecurity=False).digest()


def reply(cookie: str, challenge: int, ours: int) -> bytes:
    """Our proof, and our challenge."""
    return b"r" + pack(">I", ours) + proof(cookie, challenge)


def proved(raw: bytes, cookie: str, ours: int, node: str) -> None:
    """Raises ErlangError unless the other knows the cookie too."""
    if raw[:1] != b"a" or not compare_digest(raw[1 : 1 + DIGEST], proof(cookie, ours)):
        raise ErlangError(f"{node} could not prove that it knows the cookie, so it is not believed")
