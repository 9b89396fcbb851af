"""What a room does: callbacks in the manner of Erlang's `gen_server`, as pure functions.

State in, a `Step` out: the next state, the reply, timers, and what to publish. A behaviour that
raises has crashed, and its supervisor sees to it. It never learns where it runs. Two processes of
one name may run in a split; `merge` makes one of both, so it must be commutative, associative and
idempotent, and what counts must be counted under `Moment.actor` (one process, one actor).

Callbacks: Erlang/OTP, gen_server(3). `checkpoint`, `restored` and `merge` have no part there.
"""

from __future__ import annotations

from typing import Generic, Protocol, TypeVar

from msgspec import Struct

S = TypeVar("S")


class Moment(Struct, frozen=True):
    """When a callback runs, and as whom."""

    now: int
    """Microseconds since 1970 by the clock of the node that runs it."""
    room: str
    actor: str
    """Fresh for each process: counts kept under it are this process's alone."""


class Wake(Struct, frozen=True):
    """A timer: `handle_info(word)` after `after_us`; replaces one of the same word. -1 cancels it."""

    word: str
    after_us: int


class Step(Struct, Generic[S], frozen=True):
    """What a callback comes to. The same state object as before: nothing has changed."""

    state: S
    reply: bytes = b""
    """Of a call. Answered once the state it rests on is safe (see `Keep`)."""
    wakes: tuple[Wake, ...] = ()
    publish: tuple[bytes, ...] = ()
    """Told to whoever subscribes to the room."""


class UnknownMessageError(Exception):
    """The message makes no sense to this behaviour: refused with 400, nobody crashes."""


class CrashError(Exception):
    """A crash whose text is a sentence for people. Of any other its type is told too."""


class Behaviour(Protocol[S]):
    """One kind of room. The states of all kinds are values that are never changed in place."""

    @property
    def name(self) -> str:
        """What rooms of this kind are opened as."""
        ...

    def init(self, argument: bytes, moment: Moment) -> Step[S]:
        """A new room's state. Raises `UnknownMessageError` if the argument makes no sense."""
        ...

    def awake(self, state: S, moment: Moment) -> Step[S]:
        """The room goes on from a state it had before: after a crash, a move, or a merge.

        Timers did not survive; what the state says about them is set again here.
        """
        ...

    def handle_call(self, state: S, message: bytes, moment: Moment) -> Step[S]:
        """Somebody asks and waits."""
        ...

    def handle_cast(self, state: S, message: bytes, moment: Moment) -> Step[S]:
        """Somebody tells and does not wait."""
        ...

    def handle_info(self, state: S, word: str, moment: Moment) -> Step[S]:
        """A timer came due."""
        ...

    def merge(self, a: S, b: S) -> S:
        """The state of two processes that ran side by side, or of one and an older self."""
        ...

    def checkpoint(self, state: S) -> bytes:
        """The state as bytes."""
        ...

    def restored(self, blob: bytes) -> S:
        """The state again. Raises `ValueError` for bytes that are none."""
        ...
