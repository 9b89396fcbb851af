"""What explains a sentence: for each figure and each name in it, the screen that shows it. Pure.

A sentence is taken clause by clause: what its words speak of says which screen its figures are
shown on, and the node it names is chosen there. Words that nothing is known of lead to the node that
is named, or home; so every figure leads somewhere, whoever wrote the sentence.
"""

from __future__ import annotations

import re
from typing import Final

from cluster.model.member import NodeId
from tui.driving.targets import Jump
from tui.scene import ScreenName
from tui.view import ClusterView

Span = tuple[int, int, Jump]
"""From which character to before which, and where it leads."""
_CLAUSE: Final = re.compile(r"(?:[^.·,:;]|[.,:](?=\d)|(?<=\w)\.(?=\w))+")
_FIGURE: Final = re.compile(
    r"(?<![\w.-])\d[\d,.:]*(?:/\d[\d,]*)?(?: of (?:the )?\d[\d,]*)?(?: ?(?:%|s|ms|min|h|MB|kB)\b)?(?!\w)"
)
_NAME: Final = re.compile(r"[\w.-]*\w")
_ABOUT: Final[tuple[tuple[re.Pattern[str], ScreenName], ...]] = (
    (re.compile(r"\brooms?\b|twice"), "rooms"),
    (re.compile(r"\bfacts?\b"), "events"),
    (re.compile(r"\bhints?\b|recover|rebuil|back\b|returned|repair|filling|filled"), "recovery"),
    (re.compile(r"owner|copy|copies|partition|ring\b|keys?\b|share"), "ring"),
    (
        re.compile(r"agree|views?\b|view\b|suspect|believe|heard|peers|accus|master|term\b|joined"),
        "matrix",
    ),
    (re.compile(r"answers?\b|operations|lost|LOST|loss|acknowledged|reads?\b|writes?\b"), "home"),
    (re.compile(r"silent|dead|killed|paused|gone|away|cut off|down\b|report"), "recovery"),
)


def explained(sentence: str, view: ClusterView, now: int) -> list[Span]:
    """The figures and nodes of a sentence, from left to right."""
    spans: list[Span] = []
    for clause in _CLAUSE.finditer(sentence):
        spans += _clause(clause.group(), clause.start(), view, now)
    return spans


def about(sentence: str, view: ClusterView, now: int) -> Jump:
    """What explains a sentence as a whole."""
    return Jump(_screen(sentence, None, view, now, here="home"))


def _clause(text: str, offset: int, view: ClusterView, now: int) -> list[Span]:
    named = [
        (found.start(), found.end(), NodeId(found.group()))
        for found in _NAME.finditer(text)
        if found.group() in view.nodes
    ]
    first = named[0][2] if named else None
    target = Jump(_screen(text, first, view, now), node=first)
    spans = [(offset + start, offset + end, Jump("node", node=name)) for start, end, name in named]
    spans += [
        (offset + found.start(), offset + found.end(), target) for found in _FIGURE.finditer(text)
    ]
    return sorted(spans, key=lambda span: span[:2])


def _screen(
    text: str, name: NodeId | None, view: ClusterView, now: int, here: ScreenName | None = None
) -> ScreenName:
    for words, screen in _ABOUT:
        if words.search(text) and screen != here:
            if screen == "recovery" and not view.incidents:
                continue
            return screen
    failing = any(not incident.ended or incident.ended > now for incident in view.incidents)
    if failing and name is not None:
        return "recovery"
    return "node" if name is not None else "events" if here == "home" else "home"
