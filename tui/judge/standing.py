"""How a node stands, in one word: what the live others believe, and what its process is seen doing.

Belief leads: the word is the majority's of those observers who can be heard. The lab's word comes
second, and only where belief has not caught up (a killed process that everybody still holds alive
is "gone", not "alive"), and so is its own of a disk that refuses writes ("refusing"). One credible doubt already makes it "suspect". In a split
the observers are those of the node's own side: that the other side holds it dead says where the cut
is. Ignores the node's own opinion, except for a node that is alone.
"""

from __future__ import annotations

from typing import Final, Literal

from msgspec import Struct

from cluster.model.member import MemberState, NodeId
from tui.draw.glyphs import SETS, GlyphSet
from tui.judge.agreement import Agreement, Subject, agreement, is_live
from tui.judge.exposure import refuses_writes
from tui.view import ClusterView, NodeView

Word = Literal[
    "alive", "refusing", "suspect", "dead", "removed", "left", "gone", "paused", "joining",
    "starting", "silent",
]  # fmt: skip

_BELIEVED: Final[dict[MemberState, Word]] = {
    MemberState.ALIVE: "alive",
    MemberState.SUSPECT: "suspect",
    MemberState.DEAD: "dead",
    MemberState.REMOVED: "removed",
    MemberState.LEFT: "left",
}
_ROLE: Final[dict[Word, str]] = {
    "alive": "alive",
    "refusing": "suspect",
    "suspect": "suspect",
    "dead": "dead",
    "removed": "dead",
    "left": "muted",
    "gone": "dead",
    "paused": "suspect",
    "joining": "joining",
    "starting": "joining",
    "silent": "muted",
}


class Standing(Struct, frozen=True):
    """One node's state as a screen says it."""

    word: Word
    said_by: int
    """How many live observers hold the majority's belief."""
    observers: int
    """How many live observers have an opinion, on all sides of a split."""

    @property
    def role(self) -> str:
        """The theme role of the word."""
        return _ROLE[self.word]

    @property
    def well(self) -> bool:
        """Whether the node serves, as far as anyone knows."""
        return self.word == "alive"

    def glyph(self, name: GlyphSet) -> str:
        """The state's shape."""
        glyphs = SETS[name]
        match self.word:
            case "alive":
                return glyphs.alive
            case "suspect" | "refusing":
                return glyphs.suspect
            case "dead" | "removed":
                return glyphs.dead
            case "left":
                return glyphs.left
            case "gone" | "paused" | "silent":
                return glyphs.silent
            case "joining" | "starting":
                return glyphs.joining


def standing(view: ClusterView, name: NodeId, now: int) -> Standing:
    """The word for one node now."""
    return stand(view.nodes[name], agreement(view, now), now)


def standings(view: ClusterView, now: int) -> dict[NodeId, Standing]:
    """The word for every node, in the view's order."""
    judged = agreement(view, now)
    return {name: stand(node, judged, now) for name, node in view.nodes.items()}


def stand(node: NodeView, judged: Agreement, now: int) -> Standing:
    """The word for one node when the matrix has been judged already."""
    subject = judged.seen_by(node.name)[node.name]
    asked = judged.subjects[node.name].observers
    if node.name in judged.apart:
        return Standing("alive", 0, asked)
    if subject.majority is None:
        return Standing(_unheard_of(node, judged, now), 0, 0)
    state = subject.majority.state
    word, count = _BELIEVED[state], subject.holders
    newest = subject.newest
    if newest is not None and newest.epoch > subject.majority.epoch:
        return Standing("joining", subject.observers - len(subject.late), asked)
    if state is MemberState.ALIVE:
        doubting = _doubting(subject, judged)
        if doubting:
            return Standing("suspect", doubting, asked)
        if node.process == "gone":
            word = "gone"
        elif node.process == "paused":
            word = "paused"
        elif refuses_writes(node, now):
            return Standing("refusing", 0, 0)  # it says so itself: no other need have noticed
    elif state is not MemberState.SUSPECT and node.process == "starting":
        word = "starting"
    return Standing(word, count, asked)


def has_left(node: NodeView, judged: Agreement) -> bool:
    """Whether a node said farewell and has not come back: it is no member any more."""
    if node.departed:
        return True
    subject = judged.subjects.get(node.name)
    held = subject.majority if subject else None
    return held is not None and held.state is MemberState.LEFT and held.epoch >= node.epoch


def _doubting(subject: Subject, judged: Agreement) -> int:
    """How many hold it suspect or dead. Who is doubted by most others itself is not counted:
    a node that is cut off doubts everybody.
    """
    newest = subject.newest
    if newest is None or newest.state not in (MemberState.SUSPECT, MemberState.DEAD):
        return 0
    return sum(
        1
        for other in judged.side_of(subject.name)
        if other != subject.name
        and other not in subject.late
        and judged.state(other) is MemberState.ALIVE
    )


def _unheard_of(node: NodeView, judged: Agreement, now: int) -> Word:
    """Nobody who can be asked has an opinion: its process and its own reports are all there is."""
    match node.process:
        case "gone" | "starting" | "paused":
            return node.process
        case "running" | "unknown":
            pass
    if node.departed:
        return "left"
    if not is_live(node, now):
        return "silent"
    return "alive" if judged.observers == (node.name,) else "joining"


def gone(view: ClusterView, judged: Agreement) -> tuple[NodeId, ...]:
    """Whom the others hold dead or off the ring, or whose process was seen to end; not who left.

    Of another maker's cluster "process gone" says only that it refuses our own connection.
    """
    foreign = any(node.telling is not None for node in view.nodes.values())
    found: list[NodeId] = []
    for name, node in view.nodes.items():
        state = judged.state(name)
        ended = node.process == "gone" and bool(node.epoch) and not node.departed and not foreign
        if state in (MemberState.DEAD, MemberState.REMOVED) or (
            ended and state is not MemberState.LEFT
        ):
            found.append(name)
    return tuple(found)
