"""The one vocabulary of faults, performed by the lab on processes or by a node on its own sockets.

A kill, pause or wipe can only come from outside a process; cuts, loss and delay act inside the
transport of a node started with --allow-faults. Each fault has an inverse.
"""

from __future__ import annotations

from typing import Final, Literal

FaultKind = Literal[
    "start", "kill", "pause", "resume", "cut", "heal", "loss", "delay", "partition", "isolate"
]

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
}
"""`heal` itself has no single inverse: the lab remembers what it healed."""
