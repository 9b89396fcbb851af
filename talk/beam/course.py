"""What a comparison with a real BEAM cluster has seen so far, as a value."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

State = Literal["absent", "waiting", "starting", "killed", "stopped", "done", "failed"]
"""`absent`: Erlang is not installed. `killed`, `stopped`: that was done last, and is being watched."""


class Notice(Struct, frozen=True):
    """How long it took until the `nodes()` of all who were left did not list one any more."""

    gone: str
    who: tuple[str, ...]
    """Who was left."""
    after_s: float
    known: bool
    """False: they still list it, and so much time has passed."""


class Course(Struct, frozen=True):
    """All of it."""

    state: State = "waiting"
    release: str = ""
    """Of Erlang/OTP: "25"."""
    tick_s: int = 0
    """What the nodes said their `net_ticktime` is."""
    kill: Notice | None = None
    stop: Notice | None = None
    trouble: str = ""
