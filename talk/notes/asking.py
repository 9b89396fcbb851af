"""What a presenter's view may ask of the stage: a closed set of keys, and who does them."""

from __future__ import annotations

from typing import Final, Literal, Protocol

import msgspec
from msgspec import Struct

ASKED_BYTES_MAX: Final = 256
"""Of one message: a word and a number."""
Do = Literal["next", "back", "go", "again", "recording", "still", "black"]


class Ask(Struct, frozen=True, forbid_unknown_fields=True):
    """One key, pressed in a presenter's view."""

    do: Do
    slide: int = 0
    """Of `go`: the slide's number, from 1."""


class Keys(Protocol):
    """The stage, as far as a presenter's view may touch it."""

    @property
    def black(self) -> bool:
        """Whether the audience sees nothing."""
        ...

    @property
    def stilled(self) -> bool:
        """Whether the live part is left away."""
        ...

    def press(self, do: Do, slide: int = 0) -> None:
        """Do it."""
        ...


asks: Final = msgspec.json.Decoder(Ask)


def asked(text: str | bytes) -> Ask:
    """What a message asks. Raises msgspec.MsgspecError for one that makes no sense."""
    return asks.decode(text)
