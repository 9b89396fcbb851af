"""What a presenter's view is told: the deck once, then each moment of the talk. Values only.

The same JSON goes to the page and to the twin in a terminal. Seconds are whole or floats of the wall's
clock since the talk's second slide was entered, except where a field says otherwise.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from talk.claims.judging import State

LineState = Literal["done", "now", "late", "failed", "skipped", "next", "then"]
CardKind = Literal["walked", "question", "appendix", "still"]
Against = Literal["plan", "rehearsal", ""]


class Card(Struct, frozen=True):
    """One slide of the strip."""

    number: int
    title: str
    kind: CardKind = "walked"
    live: bool = False
    plan_s: float = 0.0
    """How long it may take: its own plan, or its share of what is left of the talk's length."""
    usual_s: float | None = None
    """Median of the rehearsals."""
    stage: int = 0
    label: str = ""
    """What it is called on the strip: its number, of a slide that answers a question that one's."""


class Programme(Struct, frozen=True, tag="programme"):
    """What does not change while a deck is told."""

    title: str
    cards: tuple[Card, ...]
    total_s: float
    rehearsals: int
    """How many are known."""


class Said(Struct, frozen=True):
    """A line of a slide's words."""

    text: str
    shown: bool = True


class Line(Struct, frozen=True):
    """One step of a cue."""

    state: LineState
    text: str
    said: str = ""
    """What came of it, or how long it may still take."""
    at_s: float = -1.0
    """When it began, on the talk's clock; below 0: it has not."""


class ClaimLine(Struct, frozen=True):
    """One claim, as it stands."""

    state: State
    text: str
    found: str
    bound: str
    usual_s: tuple[float, ...] = ()
    """How long it took in the last rehearsals."""


class Way(Struct, frozen=True):
    """A way out when something goes wrong."""

    key: str
    text: str
    can: bool = True


class Ahead(Struct, frozen=True):
    """The slide that comes next."""

    number: int
    title: str
    words: tuple[str, ...]
    live: str = ""
    """What it shows live."""
    begins: str = ""
    """What it does to the cluster as soon as it is entered."""


class Clocks(Struct, frozen=True):
    """Where the talk is in time."""

    elapsed_s: int
    total_s: int
    slide_s: int
    """On this slide, all visits together."""
    planned_s: int
    """For this slide."""
    behind_s: int
    """Below 0: ahead."""
    against: Against
    """What `behind_s` compares with; empty: with nothing (the timer has not begun, a question)."""
    due: float
    """Share of the talk's time that has gone, 0 to 1."""
    here: float
    """Share of the plan that has been told, 0 to 1."""
    running: bool = False
    """Whether the timer has begun."""


class Desk(Struct, frozen=True, tag="desk"):
    """One moment of the talk, as the presenter sees it."""

    number: int
    title: str
    step: int
    steps: int
    notes: tuple[str, ...]
    """Paragraphs."""
    words: tuple[Said, ...]
    live: str
    """What is live on stage: "matrix", "pair two-masters"; empty: words alone."""
    caption: str
    states: tuple[str, ...]
    """Out of the ordinary: "black", "frozen", "without its live part"."""
    preparing: str
    notice: str
    space: str
    """What the one key does now."""
    following: Ahead | None
    cues: tuple[Line, ...]
    claims: tuple[ClaimLine, ...]
    cluster: str
    verdict: str
    tone: str
    """The verdict's: plain, good, warn, bad."""
    machine: str
    clocks: Clocks
    spent_s: tuple[int, ...]
    """On each slide so far."""
    ways: tuple[Way, ...]
    viewers: int = 1
    """Presenter's views that are connected."""


Told = Programme | Desk
