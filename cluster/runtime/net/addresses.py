"""Addresses as text, `host:port`, and the sockets bound to them.

A node has one number for both its UDP and its TCP port, so that one address names it.
"""

from __future__ import annotations

import errno
import socket
from functools import lru_cache
from typing import Final

from cluster.model.member import Address

PORT_MAX: Final = 65_535
BIND_TRIES: Final = 20
BACKLOG: Final = 512
RECEIVE_BUFFER_BYTES: Final = 1 << 20
"""Room for a burst of gossip while the node is busy with something else."""


class BindError(Exception):
    """A port cannot be had. Its text is one sentence that says what to do."""


@lru_cache(maxsize=4_096)
def parse(address: str) -> tuple[str, int] | None:
    """Host and port of `127.0.0.1:7400` or `[::1]:7400`; None for anything else.

    Hosts are numeric: whoever takes names from people resolves them first (`resolve`), because a
    look-up in the middle of the protocol would stop the whole node.
    """
    host, colon, digits = address.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not colon or not (digits.isascii() and digits.isdigit()) or len(digits) > 5:
        return None
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.inet_pton(family, host)
    except (OSError, ValueError, UnicodeError):
        return None
    port = int(digits)
    return (host, port) if port <= PORT_MAX else None


@lru_cache(maxsize=4_096)
def text(host: str, port: int) -> Address:
    """The address as one word."""
    return Address(f"[{host}]:{port}" if ":" in host else f"{host}:{port}")


def resolve(address: str) -> Address | None:
    """The numeric address of `localhost:7400` and the like, or None. Blocks: for start-up only."""
    host, colon, digits = address.rpartition(":")
    if not colon or not host or not (digits.isascii() and digits.isdigit()) or len(digits) > 5:
        return None
    if int(digits) > PORT_MAX:
        return None  # getaddrinfo would take it, and count on from 0
    if parse(address) is not None:
        return Address(address)
    try:
        found = socket.getaddrinfo(host, int(digits), type=socket.SOCK_STREAM)
    except (OSError, UnicodeError, OverflowError):
        return None
    for family, _, _, _, place in found:
        if family in (socket.AF_INET, socket.AF_INET6):
            return text(str(place[0]), int(place[1]))
    return None


def is_loopback(host: str) -> bool:
    """Whether only this computer can reach it."""
    return host.startswith("127.") or host == "::1"


def is_wildcard(host: str) -> bool:
    """Whether it means every address of this computer, and so none to be found at."""
    return host in ("0.0.0.0", "::", "")


def bind_pair(address: str) -> tuple[socket.socket, socket.socket]:
    """A UDP socket and a listening TCP socket of the same number."""
    numeric = resolve(address)
    place = None if numeric is None else parse(numeric)
    if place is None:
        raise BindError(f"{address} is not an address; write it as 127.0.0.1:7400.")
    host, wanted = place
    for _ in range(BIND_TRIES):
        datagrams = _bound(host, wanted, socket.SOCK_DGRAM)
        try:
            port: int = datagrams.getsockname()[1]
            return datagrams, _bound(host, port, socket.SOCK_STREAM)
        except BindError:
            datagrams.close()
            # The same number was taken for TCP: another one will do, if any will.
            if wanted:
                raise
    raise BindError(f"No port on {host} is free for both UDP and TCP; try again.")


def bind_listener(address: str) -> socket.socket:
    """A listening TCP socket."""
    numeric = resolve(address)
    place = None if numeric is None else parse(numeric)
    if place is None:
        raise BindError(f"{address} is not an address; write it as 127.0.0.1:7500.")
    return _bound(*place, socket.SOCK_STREAM)


def bound_address(bound: socket.socket) -> Address:
    """Where a socket is bound."""
    host, port = bound.getsockname()[:2]
    return text(host, port)


def _bound(host: str, port: int, kind: socket.SocketKind) -> socket.socket:
    fresh = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, kind)
    try:
        fresh.setblocking(False)
        if kind == socket.SOCK_STREAM:
            # A port whose last connections are still in TIME_WAIT may be taken again at once.
            fresh.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        else:
            fresh.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
        fresh.bind((host, port))
        if kind == socket.SOCK_STREAM:
            fresh.listen(BACKLOG)
    except OSError as error:
        fresh.close()
        raise BindError(_sentence(text(host, port), error)) from None
    return fresh


def _sentence(address: Address, error: OSError) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            return f"{address} is in use by another program; choose another port, or 0 for any."
        case errno.EADDRNOTAVAIL:
            return f"{address} is not an address of this computer; choose one that is."
        case errno.EACCES | errno.EPERM:
            return f"This user may not listen at {address}; choose a port above 1023."
        case _:
            return f"Cannot listen at {address} ({error.strerror}); choose another address."
