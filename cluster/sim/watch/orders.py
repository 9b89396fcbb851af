"""What a watcher of a world asks of the process that plays it, and what it is answered.

One order at a time, one answer each: `Setup` first, then any of the others. Everything that changes
the world is an `Act`; the rest only says how far it goes. So a world is a function of its setup and
of its acts with their moments, and going back is playing both again.
"""

from __future__ import annotations

from typing import Final, Literal

from msgspec import Struct

from cluster.config import ArchitectureName
from cluster.model.facts import Fact
from cluster.sim.faults.options import FaultsName

Verb = Literal[
    "kill", "start", "pause", "resume", "isolate", "cut", "partition", "heal", "wipe", "drain",
    "leave", "add", "undo", "lose", "slow",
]  # fmt: skip
PAST: Final = "the past is still being played again: wait for it"
"""Why nothing is done to a world that goes back, nor its time turned, until it is there."""
FACTS_MAX: Final = 1_500
"""Facts of one answer, about: past it the world waits until it is asked again. More would let it run
ahead of the fold that draws it."""


class Setup(Struct, frozen=True, tag="setup"):
    """Which world. Equal setups give equal worlds."""

    seed: int
    nodes: int
    faults: FaultsName = "calm"
    lasting_us: int = 0
    """How long faults are drawn for, from the moment the cluster stands."""
    rooms: int = 8
    """How many are opened and played in; a cluster with masters has none."""
    architecture: ArchitectureName = "masterless"
    answers_per_s: float = 40.0
    """Operations of all players together; 0: nobody plays."""


class Play(Struct, frozen=True, tag="play"):
    """Let time pass."""

    until: int
    """World time in microseconds; a past one changes nothing."""
    within_us: int
    """Stop after about so much real time, even if it is not reached."""
    thin: int = 1
    """Tell one of so many traced messages (both its ends, or neither)."""


class Step(Struct, frozen=True, tag="step"):
    """Let the least happen: up to the next fact, or one event of the world."""

    by: Literal["fact", "event"]
    within_us: int


class Act(Struct, frozen=True, tag="act"):
    """A fault by hand, or its end."""

    verb: Verb
    subject: str = ""
    """A node's name; of a cut two of them, of a partition one side, with commas between; of `lose` how
    many of a hundred packets, 0: no more; of `slow` a node and by how many milliseconds, 0: no longer."""


class Rewind(Struct, frozen=True, tag="rewind"):
    """Begin again from the seed, with the acts made until then, up to this moment of world time.

    Answered like `Play`: it goes on with `Play` until it is reached. What happened after it never did.
    """

    to: int


Order = Setup | Play | Step | Act | Rewind


class Answer(Struct, frozen=True):
    """What came of an order."""

    now: int
    """World time."""
    facts: list[Fact] = []
    said: str = ""
    """Of an act: what was done, in one sentence."""
    refused: str = ""
    """Of an act or a step: why it was not."""
    again: bool = False
    """The world begins anew with this answer: whatever was told before is not to be believed."""
    behind: bool = False
    """There was no time, or no room, to come to the moment asked for."""
    events: int = 0
    """Inputs that nodes took since the world began."""
