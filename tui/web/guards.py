"""Who asks a server of ours: by a name that can only mean us, and from a page that is our own. Pure.

A browser runs pages of anybody, on the same machine as us. Such a page reaches us under a name that
was bound to our address (the request's Host says which), or from its own origin (Origin says which).
"""

from __future__ import annotations

import socket
from ipaddress import ip_address
from typing import Final

LOOPBACK: Final = ("127.0.0.1", "localhost", "[::1]", "::1")


def named(asked: str, host: str) -> bool:
    """Whether a request's Host can only mean this machine: a name can be bound to us by anybody."""
    name = asked.rsplit(":", 1)[0] if not asked.endswith("]") else asked
    if host in LOOPBACK:
        return name in LOOPBACK
    if name.lower() in (host.lower(), "localhost", socket.gethostname().lower()):
        return True
    try:
        ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


def foreign(origin: str | None, asked: str) -> bool:
    """Whether a request comes from a page that the asked server did not serve; None: from no page."""
    return origin is not None and origin not in (f"http://{asked}", f"https://{asked}")
