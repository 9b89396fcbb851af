"""A deck as values: slides, the live parts beside them, cues that act, claims that are checked.

Decides what can be said in a deck; how it is written is `talk.deck.reading`'s, what a measure means
is `talk.claims`', what a verb does is a ground's (`talk.grounds`). Durations are microseconds. Every
part keeps the line of the file it stands on, so that an error found late can still name it.
"""

from __future__ import annotations

from typing import Final, Literal

from msgspec import Struct

from cluster.config import ArchitectureName

Relation = Literal[">", ">=", "<=", "<", "="]
ALL: Final = -1.0
"""A bound that means: as many as there are (the measure's own denominator)."""

# --- what is written on a slide --------------------------------------------------------------------

Style = Literal["", "strong", "em", "code", "link"]
Run = tuple[str, Style]
"""A piece of one line in one style."""
BlockKind = Literal["text", "item", "number", "quote", "code", "table", "heading"]


class Block(Struct, frozen=True):
    """A paragraph, a list item, a table: what is revealed together."""

    kind: BlockKind
    lines: tuple[tuple[Run, ...], ...]
    """Lines as written; paragraphs are wrapped when drawn. Of a table: unused."""
    step: int = 0
    """After how many pauses it is shown."""
    column: int = 0
    """0: the whole width; 1, 2: one of two columns."""
    number: int = 0
    """Of a numbered item."""
    depth: int = 0
    """Of an item: how far in."""
    rows: tuple[tuple[str, ...], ...] = ()
    """Of a table: its rows, the first is the head."""
    language: str = ""
    """Of code."""
    line: int = 0


# --- what is shown live ----------------------------------------------------------------------------

Place = Literal["right", "below", "whole"]


class Live(Struct, frozen=True):
    """A live picture: `ring`, `matrix`, `pair two-masters`, `overlay calm`."""

    kind: str
    """One of `talk.deck.words.LIVES`."""
    subject: str = ""
    """What it is of, where a kind needs to know: a pair's name, a room, a key."""
    options: dict[str, str] = {}
    place: Place = "right"
    line: int = 0


# --- conditions, claims ----------------------------------------------------------------------------


class Predicate(Struct, frozen=True):
    """A measure of what happens, against a bound: `suspecting n4 >= 1`, `views = 1`."""

    measure: str
    """One of `talk.claims.measures.MEASURES`."""
    args: tuple[str, ...] = ()
    relation: Relation = ">="
    bound: float = 0.0
    """In the measure's own unit; `ALL`: its denominator."""
    text: str = ""
    """As it was written."""


When = Literal["always", "within", "at"]


class Claim(Struct, frozen=True):
    """A sentence the audience reads, and what must be measured for it to be true.

    An alias names a cue; its moment is when the cue's first act was done (of a cue without acts: when
    it began), and no alias means when the slide was entered. `always`: at every moment since then;
    broken by the first at which it is not so. `within`: at some moment until `within_us` later. `at`:
    once, as soon as it can be known then; "end" is when all cues of the slide are over.
    """

    text: str
    predicate: Predicate | None
    """None: the claims of a pair, whose name is `pair`."""
    when: When = "always"
    alias: str = ""
    within_us: int = 0
    pair: str = ""
    line: int = 0


# --- cues ------------------------------------------------------------------------------------------

TriggerKind = Literal["enter", "key", "after", "at"]


class Trigger(Struct, frozen=True):
    """When a cue begins: with its slide, by the presenter's key, some time after, or once something
    is so."""

    kind: TriggerKind = "enter"
    delay_us: int = 0
    predicate: Predicate | None = None


class Act(Struct, frozen=True, tag="act"):
    """Do something to the cluster: a verb of `talk.deck.words.VERBS` and what it is done to."""

    verb: str
    args: tuple[str, ...] = ()
    line: int = 0

    @property
    def words(self) -> str:
        """As a deck says it: `kill n4`."""
        return " ".join((self.verb, *self.args))


class Wait(Struct, frozen=True, tag="wait"):
    """Go on when something is so. Past `within_us` the cue is late."""

    predicate: Predicate
    within_us: int
    fallback: bool = False
    """Past that, the stage goes on from the recording by itself."""
    line: int = 0


class Hold(Struct, frozen=True, tag="hold"):
    """Go on when the presenter says so."""

    line: int = 0


class Say(Struct, frozen=True, tag="say"):
    """Put a caption under the picture: at most two lines."""

    text: str
    line: int = 0


class Show(Struct, frozen=True, tag="show"):
    """Another live picture from here on."""

    live: Live
    line: int = 0


class Freeze(Struct, frozen=True, tag="freeze"):
    """The picture stands still (or goes on); the cluster runs."""

    on: bool = True
    line: int = 0


class Sleep(Struct, frozen=True, tag="sleep"):
    """Let so much time of the cluster pass."""

    us: int
    line: int = 0


Step = Act | Wait | Hold | Say | Show | Freeze | Sleep


class Cue(Struct, frozen=True):
    """A trigger, and steps one after another."""

    trigger: Trigger = Trigger()
    steps: tuple[Step, ...] = ()
    alias: str = ""
    """What claims and other cues call it: its moment is when its first act was done."""
    line: int = 0


class Need(Struct, frozen=True):
    """The cluster a slide begins with. Equal needs can follow one another without a new cluster."""

    nodes: int = 5
    architecture: ArchitectureName = "masterless"
    rooms: int = 0
    answers_per_s: float = 40.0
    fresh: bool = False
    """A new cluster, whatever runs."""
    line: int = 0

    def same_as(self, other: Need) -> bool:
        """Whether one cluster serves both."""
        shape = (self.nodes, self.architecture, self.rooms, self.answers_per_s)
        return shape == (other.nodes, other.architecture, other.rooms, other.answers_per_s)


# --- slides, decks ---------------------------------------------------------------------------------


class Slide(Struct, frozen=True):
    """One slide."""

    number: int
    """From 1."""
    title: str = ""
    subtitle: str = ""
    blocks: tuple[Block, ...] = ()
    steps: int = 0
    """How many pauses it has."""
    lives: tuple[Live, ...] = ()
    """The first is shown when the slide is entered; None of them: words alone."""
    cues: tuple[Cue, ...] = ()
    claims: tuple[Claim, ...] = ()
    notes: str = ""
    need: Need | None = None
    """None: it goes on with whatever runs."""
    stage: int = 0
    """Which part of the talk it begins (1 to 7); 0: it is in the one before it."""
    question: int = 0
    """Which question of the Q & A it answers; it is jumped to, not walked to."""
    appendix: bool = False
    """Behind the end: shown when asked for."""
    middle: bool = False
    """Its words stand in the middle of the screen."""
    seconds: float = 0.0
    """How long the speaker plans to stay; 0: not planned."""
    still: bool = False
    """Left out of the run: `skip_slide`."""
    line: int = 0
    columns: tuple[int, int] = (1, 1)
    """How the widths of columns 1 and 2 relate, where blocks stand in them."""
    path: str = ""
    """The file that `line` is of: a deck can be made of several."""


class Deck(Struct, frozen=True):
    """A whole talk."""

    title: str
    slides: tuple[Slide, ...]
    sub_title: str = ""
    author: str = ""
    seconds: float = 0.0
    """How long the talk may take; 0: not said."""
    fallback: str = ""
    """The recording of a rehearsal, beside the deck."""
    path: str = ""


class DeckError(Exception):
    """A mistake in a deck: where, and what to write instead. `str()` is `path:line: sentence`."""

    def __init__(self, path: str, line: int, sentence: str) -> None:
        super().__init__(f"{path}:{line}: {sentence}")
        self.path, self.line, self.sentence = path, line, sentence
