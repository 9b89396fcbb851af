"""What a dashboard and the viewers of its page say to each other. Pure: values and their bytes.

One stream each way, over a socket that has no name and was handed on (`tui.web.relay`). A viewer is
told the whole view once (`Opening`) and then what the dashboard itself hears (`Told`); one that may
do more than look asks (`Act`, `Turn`, `Pace`) and is answered. Every message is four bytes of length,
big end first, and msgpack.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec
from msgspec import Struct

from cluster.model.facts import Fact
from tui.keys import Action
from tui.seen.world import Simulated

TOLD_BYTES_MAX: Final = 64 * 1_048_576
"""Of one message to a viewer: a whole view of many rooms."""
ASKED_BYTES_MAX: Final = 4_096
"""Of one message of a viewer: a verb and a name."""


class Opening(Struct, frozen=True, tag="opening"):
    """All that was told before is void: this is how it stands."""

    view: bytes
    """As the time line keeps it (`tui.timeline.cutter.keep`)."""
    now: int = 0
    """World time, of a simulated world."""
    simulated: Simulated | None = None


class Told(Struct, frozen=True, tag="told"):
    """What was heard since."""

    facts: list[Fact]
    now: int = 0
    simulated: Simulated | None = None


class Answered(Struct, frozen=True, tag="answered"):
    """What came of an act."""

    number: int
    said: str
    refused: bool


class Said(Struct, frozen=True, tag="said"):
    """A sentence for the viewer's line."""

    text: str


ActVerb = Literal[
    "kill", "start", "pause", "isolate", "cut", "partition", "heal", "add", "undo"
]  # fmt: skip


class Act(Struct, frozen=True, tag="act"):
    """Do this to the cluster."""

    number: int
    """Of the viewer's: its answer has the same."""
    verb: ActVerb
    node: str = ""
    """Of a cut two, of a partition one side, with commas between."""


class Turn(Struct, frozen=True, tag="turn"):
    """A key that turns the time of a simulated world."""

    action: Action
    shown: int
    """The moment that is on the viewer's screen."""


class Pace(Struct, frozen=True, tag="pace"):
    """How fast a simulated world goes."""

    times: float


Down = Opening | Told | Answered | Said
Up = Act | Turn | Pace

_encoder = msgspec.msgpack.Encoder()
down = msgspec.msgpack.Decoder(Down)
up = msgspec.msgpack.Decoder(Up)


def framed(message: Down | Up) -> bytes:
    """A message as it goes over the socket."""
    body = _encoder.encode(message)
    return len(body).to_bytes(4, "big") + body
