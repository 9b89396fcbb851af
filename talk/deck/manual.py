"""Every word a deck may use, as tables: pictures, verbs, steps, measures, pairs.

Decides how they are listed, never what there is: that is `talk.deck.words`, and for measures and pairs
whoever calls. `./demo.sh talk --words` prints it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from talk.deck.grammar.cues import ARCHITECTURES
from talk.deck.grammar.lives import PLACES
from talk.deck.words import LIVES, MASTER, VERBS

Row = tuple[str, str]
NAMED = ("us", "ms", "s", "min", "%")
"""Units that are said; others can be read from what a measure is."""
STEPS: Sequence[Row] = (
    ("wait PREDICATE within 3s", "go on when it is so; later than that, the cue is late"),
    ("  ... else fallback", "and then the stage goes on from the recording"),
    ('say "CAPTION"', "under the picture, at most two lines"),
    ("show KIND ...", "another picture, written as in a live block"),
    ("freeze, unfreeze", "the picture stands still; the cluster runs"),
    ("sleep 2s", "let so much time of the cluster pass"),
    ("hold", "go on when the speaker presses space"),
)
BEGINNINGS: Sequence[Row] = (
    ("on enter", "with the slide; also what is meant when nothing is said"),
    ("on key", "when the speaker presses space"),
    ("after 2s", "so long after the slide was entered"),
    ("at PREDICATE", "once it is so"),
    ("  ... as NAME", "what claims call it by"),
)
CLAIMS: Sequence[Row] = (
    ("SENTENCE: PREDICATE always", "at every moment; `since NAME`: from that cue on"),
    (
        "SENTENCE: PREDICATE within 3s",
        "at some moment until then; `of NAME`: counted from that cue",
    ),
    ("SENTENCE: PREDICATE at NAME", "when that cue acted; `at end`: when all cues are over"),
    ("pair NAME", "all claims of a do and don't that this slide plays"),
)
NEEDS: Sequence[Row] = (
    ("nodes=5", "how many"),
    ("architecture=masterless", f"or {', '.join(name for name in ARCHITECTURES[:-1])}"),
    ("rooms=12", "rooms of the quiz, room-1 to room-12; none unless it is said"),
    ("answers=40", "a second, that players give"),
    ("fresh", "a new cluster, whatever runs"),
)
COMMENTS: Sequence[Row] = (
    ("<!-- end_slide -->", "or --- between empty lines"),
    ("<!-- pause -->", "what follows is shown with the next space"),
    ("<!-- incremental_lists: true -->", "items of this slide come one by one"),
    ("<!-- column_layout: [3, 2] -->", "two columns, as wide as that"),
    ("<!-- column: 0 -->", "what follows stands in the first; 1: in the second"),
    ("<!-- reset_layout -->", "no more columns"),
    ("<!-- jump_to_middle -->", "words in the middle of the screen"),
    ("<!-- include: more.md -->", "another file, here"),
    ("<!-- skip_slide -->", "left out of the run"),
    ("<!-- speaker_note: text -->", "for the speaker; or on several lines, `speaker_note: |`"),
)
SETTINGS: Sequence[Row] = (
    ("duration: 45min", "of the talk; before any slide"),
    ("fallback: rehearsal.rec", "the recording beside the deck; before any slide"),
    ("intro: 20s", "planned for the title's slide; before any slide"),
    ("plan: 90s", "planned for this slide"),
    ("stage: 3", "this slide begins that part of the talk"),
    ("question: 5", "this slide answers that question; it is jumped to"),
    ("appendix: true", "this slide is behind the end"),
)


class Described(Protocol):
    """What a list says of a measure."""

    @property
    def args(self) -> Sequence[str]:
        """The names of its arguments."""
        ...

    @property
    def unit(self) -> str:
        """What it is measured in; empty: a count."""
        ...

    @property
    def says(self) -> str:
        """What it is, in one phrase."""
        ...


def manual(measures: Mapping[str, Described], pairs: Mapping[str, str]) -> list[str]:
    """All tables, line by line. `pairs`: what each is about."""
    shows = (
        (" ".join((kind.name, kind.takes)).strip(), f"{kind.shows} ({kind.place})")
        for kind in LIVES.values()
    )
    does = ((" ".join((v.name, v.takes)).strip(), v.does) for v in VERBS.values())
    measured = (
        (" ".join((name, *m.args)), f"{m.says}, in {m.unit}" if m.unit in NAMED else m.says)
        for name, m in measures.items()
    )
    places = ", ".join(PLACES)
    return [
        *_table("live: a picture", shows, f"KIND [SUBJECT] [key=value ...] [place={places}]"),
        *_table("cue: what the slide needs, first of all", NEEDS, "start [...]"),
        *_table("cue: when it begins", BEGINNINGS),
        *_table(
            "cue: what is done to the cluster",
            does,
            f"NODE is n1, n2, ... or `{MASTER}`: whoever reigns when a slide first says so",
        ),
        *_table("cue: other steps", STEPS),
        *_table("claim", CLAIMS),
        *_table(
            "what can be measured",
            measured,
            "PREDICATE is MEASURE > | >= | < | <= | = NUMBER or `all`",
        ),
        *_table("pairs", pairs.items()),
        *_table("comments, as in presenterm", COMMENTS),
        *_table("talk: settings, in a comment of several lines", SETTINGS)[:-1],
    ]


def _table(title: str, rows: Iterable[Row], form: str = "") -> list[str]:
    listed = list(rows)
    width = max((len(left) for left, _ in listed), default=0)
    lines = [f"  {left:<{width}}  {right}".rstrip() for left, right in listed]
    return [title, *([f"  {form}", ""] if form else []), *lines, ""]
