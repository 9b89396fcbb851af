"""The one vocabulary of faults: by the lab on processes, by a node on its own sockets, by the
simulator on a whole world.

A kill, pause or wipe can only come from outside a process; cuts, loss and delay act inside the
transport of a node started with --allow-faults; rot, a bad disk and a wrong clock happen to
machines. Each fault has an inverse. What a wipe or rot destroyed does not come back: its inverse
is the moment from which the copies are asked for what was lost.
"""

from __future__ import annotations

from typing import Final, Literal

FaultKind = Literal[
    "start",
    "kill",
    "pause",
    "resume",
    "cut",
    "heal",
    "loss",
    "delay",
    "partition",
    "isolate",
    "wipe",
    "rot",
    "slow disk",
    "full disk",
    "skew",
    "join",
    "leave",
    "drain",
    "undrain",
]

LOST_PERCENT_MAX: Final = 90
"""Of all packets, by hand; what loses more is a cut."""
DELAY_MS_MAX: Final = 60_000
"""By which a node can be told to hold up what it sends."""

INVERSE: Final[dict[FaultKind, FaultKind]] = {
    "kill": "start",
    "start": "kill",
    "pause": "resume",
    "resume": "pause",
    "cut": "heal",
    "partition": "heal",
    "isolate": "heal",
    "loss": "heal",
    "delay": "heal",
    "wipe": "start",
    "rot": "heal",
    "slow disk": "heal",
    "full disk": "heal",
    "skew": "heal",
    "join": "leave",
    "leave": "join",
    "drain": "undrain",
    "undrain": "drain",
}
"""`heal` itself has no single inverse: the lab remembers what it healed."""

DESTRUCTIVE: Final[frozenset[FaultKind]] = frozenset({"wipe", "rot"})
"""Faults after which a disk no longer holds what it had acknowledged."""

SILENCING: Final[frozenset[FaultKind]] = frozenset(
    {"kill", "pause", "wipe", "cut", "loss", "delay", "partition", "isolate", "leave"}
)
"""Faults that explain why a node is not heard."""
