"""Who believes what: per subject the majority, which cells differ from it, and since when.

Asked by the verdict, the matrix, `status --json` and the long sparklines. Only the beliefs of
*live observers* count: nodes whose facts reach us, whose process nobody saw stop, and who have
reported lately. A belief is compared by the subject's life and state; a raised incarnation alone
is news on its way, not a disagreement. Ignores why the nodes believe it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from msgspec import Struct

from cluster.model.member import MemberState, NodeId
from tui.judge.memo import Memo
from tui.view import Belief, ClusterView, NodeView

RECENT_US: Final = 3_000_000
"""A node that has said nothing for this long is not asked."""


class Held(NamedTuple):
    """What a belief says, as far as it is compared."""

    epoch: int
    state: MemberState


class Subject(Struct, frozen=True):
    """One column of the matrix."""

    name: NodeId
    majority: Held | None
    """What most live observers hold; the newest of equals; None when nobody has heard of it."""
    holders: int
    """How many hold it."""
    observers: int
    """How many live observers there are beside the subject itself."""
    newest: Held | None
    since: int
    """When the newest belief was first held, if not all hold it; 0 when all agree."""
    late: tuple[NodeId, ...]
    """Those who do not hold the newest yet."""
    accusers: int = 0
    """How many hold it suspect, dead or removed."""
    dissent: int = 0
    """How many differ from the majority."""

    @property
    def agreed(self) -> bool:
        """All live observers hold the same."""
        return self.holders == self.observers


class Agreement(Struct, frozen=True):
    """The whole matrix, judged."""

    observers: tuple[NodeId, ...]
    """Live ones, in the view's order."""
    subjects: dict[NodeId, Subject]
    differing: dict[NodeId, tuple[NodeId, ...]]
    """Per live observer: about whom it differs from the majority."""
    sides: tuple[tuple[NodeId, ...], ...] = ()
    """Groups that hold each other dead, largest first; empty while the cluster is whole."""
    columns: tuple[dict[NodeId, Subject], ...] = ()
    """The same matrix judged by each of these sides alone; empty for a side of one."""
    apart: frozenset[NodeId] = frozenset()
    """Of another maker's cluster: who answers us, and is alone on its side of a split."""

    def seen_by(self, name: NodeId) -> dict[NodeId, Subject]:
        """The columns as a node's own side holds them: in a split the majority of all is nobody's.

        Who is alone on its side has nobody to agree with: the others' word stands.
        """
        for side, columns in zip(self.sides, self.columns, strict=True):
            if name in side and columns:
                return columns
        return self.subjects

    def side_of(self, name: NodeId) -> tuple[NodeId, ...]:
        """Whose word about a node counts: all live observers, or its own side of a split."""
        for side, columns in zip(self.sides, self.columns, strict=True):
            if name in side and columns:
                return side
        return self.observers

    @property
    def all(self) -> bool:
        """Whether every live view is the same. Where all are apart nobody differs, and none agree."""
        return not self.sides and not any(self.differing.values())

    @property
    def agreeing(self) -> int:
        """How many live views hold the majority's belief about everybody; in a split, those of the
        largest side where it is of one mind.
        """
        agreeing = sum(1 for about in self.differing.values() if not about)
        if not self.sides:
            return agreeing
        largest = len(self.sides[0])
        united = not any(subject.dissent for subject in self.columns[0].values())
        return largest if united else min(agreeing, largest)

    @property
    def since(self) -> int:
        """When the oldest disagreement that still stands began; 0 when there is none."""
        return min((s.since for s in self.subjects.values() if s.since), default=0)

    @property
    def behind(self) -> dict[NodeId, int]:
        """Per live observer: about how many it has not heard the newest, in a split its side's."""
        late = Counter(name for subject in self.subjects.values() for name in subject.late)
        for side, columns in zip(self.sides, self.columns, strict=True):
            if columns:
                own = Counter(name for subject in columns.values() for name in subject.late)
                late.update({name: own[name] - late[name] for name in side})
        return {name: late[name] for name in self.observers}

    def stale_since(self, observer: NodeId) -> int:
        """Since when an observer lacks the oldest news it lacks; 0 when it lacks none."""
        since = [s.since for s in self.seen_by(observer).values() if observer in s.late]
        return min(since, default=0)

    def state(self, name: NodeId) -> MemberState | None:
        """The majority's word about a node; in a split, its own side's.

        Who answers us from where nobody else is, is alive: it cannot be heard from the other sides.
        """
        if name in self.apart:
            return MemberState.ALIVE
        subject = self.seen_by(name).get(name)
        return subject.majority.state if subject and subject.majority else None


DEAD: Final = MemberState.DEAD
SUSPECT: Final = MemberState.SUSPECT
REMOVED: Final = MemberState.REMOVED
_JUDGED: Final = Memo[Agreement](8)


def agreement(view: ClusterView, now: int) -> Agreement:
    """Judge the matrix as it is in `view`. Asked many times for one frame, judged once."""
    return _JUDGED.get(view, now, lambda: compare(view.nodes, now))


def is_live(node: NodeView, now: int) -> bool:
    """Whether a node's own words count now."""
    return (
        node.connected
        and node.process not in ("gone", "paused")
        and node.reported_at >= now - RECENT_US
        and not node.departed
    )


def watched(view: ClusterView, name: NodeId) -> bool:
    """Whether this node's own words are meant to reach us: in large worlds only some nodes' are."""
    return view.sample is None or name in view.sample.watched


def live_observers(nodes: Mapping[NodeId, NodeView], now: int) -> tuple[NodeId, ...]:
    """Whose words count now."""
    return tuple(name for name, node in nodes.items() if is_live(node, now))


def compare(nodes: Mapping[NodeId, NodeView], now: int) -> Agreement:
    """The same for nodes that are not in a view yet."""
    observers = live_observers(nodes, now)
    subjects = judge_all(nodes, observers)
    differing = _differing(nodes, observers, subjects)
    split = divided(nodes, observers, subjects)
    columns = tuple(judge_all(nodes, side) if len(side) > 1 else {} for side in split)
    # Of our own clusters the majority's word stands: it is what they act on.
    lone = (side[0] for side in split if len(side) == 1)
    apart = frozenset(name for name in lone if nodes[name].telling is not None)
    return Agreement(observers, subjects, differing, split, columns, apart)


def judge_all(
    nodes: Mapping[NodeId, NodeView], observers: tuple[NodeId, ...]
) -> dict[NodeId, Subject]:
    """Every column."""
    rows = [nodes[name].beliefs for name in observers]
    places = {name: place for place, name in enumerate(observers)}
    subjects: dict[NodeId, Subject] = {}
    for name in nodes:
        others, beliefs = observers, [row.get(name) for row in rows]
        place = places.get(name)
        if place is not None:
            others = observers[:place] + observers[place + 1 :]
            del beliefs[place]
        subjects[name] = _column(name, nodes, others, beliefs, frozenset())
    out = outcasts(subjects, observers)
    if not out:
        return subjects
    # Where all hold one thing it does not matter whose word is no news.
    return {n: judge(n, nodes, observers, out) if s.late else s for n, s in subjects.items()}


def outcasts(
    subjects: Mapping[NodeId, Subject], observers: tuple[NodeId, ...]
) -> frozenset[NodeId]:
    """Live nodes whom most others accuse: cut off, they soon accuse everybody, and that is no news
    about the others. Empty when it is everybody (a cluster in halves).
    """
    accused = frozenset(
        n for n in observers if n in subjects and 2 * subjects[n].accusers > subjects[n].observers
    )
    return accused if len(accused) < len(observers) else frozenset()


def judge(
    name: NodeId,
    nodes: Mapping[NodeId, NodeView],
    observers: tuple[NodeId, ...],
    out: frozenset[NodeId] = frozenset(),
) -> Subject:
    """One column: what these observers hold of one node. What the `outcasts` say is not news."""
    others = tuple([other for other in observers if other != name])
    beliefs = [nodes[other].beliefs.get(name) for other in others]
    return _column(name, nodes, others, beliefs, out)


def _column(
    name: NodeId,
    nodes: Mapping[NodeId, NodeView],
    others: tuple[NodeId, ...],
    beliefs: Sequence[Belief | None],
    out: frozenset[NodeId],
) -> Subject:
    """A column of these beliefs, each one's of `others`. Asked for each of hundreds of members."""
    known = [belief for belief in beliefs if belief is not None]
    said = Counter([(belief.epoch, belief.state) for belief in known])
    if not said:
        return Subject(name, None, 0, 0, None, 0, ())
    majority = Held(*max(said, key=lambda value: (said[value], value)))
    accusers = sum(n for (_, state), n in said.items() if SUSPECT <= state <= REMOVED)
    count = len(known)
    if len(said) == 1 and (count == len(others) or majority.state >= REMOVED):
        return Subject(name, majority, count, count, majority, 0, (), accusers, 0)
    held = [None if b is None else (b.epoch, b.state) for b in beliefs]
    pairs = zip(others, beliefs, strict=True)
    heard = [b for o, b in pairs if b is not None and o not in out] if out else known
    latest = max(heard or known, key=_newness)
    newest = Held(latest.epoch, latest.state)
    gone = newest.state >= REMOVED
    late = tuple([
        o for o, value in zip(others, held, strict=True)
        if value != newest and not (gone and value is None)
    ])  # fmt: skip
    firsts = [b.since for b, value in zip(beliefs, held, strict=True) if value == newest and b]
    # Nobody can lack news for longer than it has lived, nor an outcast for longer than it differs.
    lacking = [
        b.since if o in out and (b := nodes[o].beliefs.get(name)) else nodes[o].started_at
        for o in late
    ]
    since = max(min(firsts), min(lacking)) if late else 0
    asked = count if gone else len(others)
    holders = said[majority]
    dissent = asked - holders
    return Subject(name, majority, holders, asked, newest, since, late, accusers, dissent)


def _newness(belief: Belief) -> tuple[int, int, MemberState]:
    return belief.epoch, belief.incarnation, belief.state


def _differing(
    nodes: Mapping[NodeId, NodeView],
    observers: tuple[NodeId, ...],
    subjects: Mapping[NodeId, Subject],
) -> dict[NodeId, tuple[NodeId, ...]]:
    """Per live observer: about whom it differs from the majority."""
    found: dict[NodeId, list[NodeId]] = {name: [] for name in observers}
    for name, subject in subjects.items():
        if subject.holders == len(observers) - (name in found):
            continue  # all hold the same
        for observer, about in found.items():
            if differs(nodes[observer], subject):
                about.append(name)
    return {observer: tuple(about) for observer, about in found.items()}


def differs(node: NodeView, subject: Subject) -> bool:
    """Whether a node's belief is not the majority's. Not to know one who left is no difference."""
    if node.name == subject.name or subject.majority is None:
        return False
    belief = node.beliefs.get(subject.name)
    if belief is None:
        return subject.majority.state < REMOVED
    return (belief.epoch, belief.state) != subject.majority


def sides(view: ClusterView, now: int) -> tuple[tuple[NodeId, ...], ...]:
    """The groups of live nodes that see each other, largest first, when the cluster is split.

    Empty unless two live nodes each hold the other dead: one that has not heard of a return yet
    is late, not on another side.
    """
    return agreement(view, now).sides


def divided(
    nodes: Mapping[NodeId, NodeView],
    observers: tuple[NodeId, ...],
    subjects: Mapping[NodeId, Subject],
) -> tuple[tuple[NodeId, ...], ...]:
    """`sides` of nodes that are not in a view yet."""
    live = [name for name in observers if nodes[name].beliefs]
    accused = [name for name in live if subjects[name].accusers]
    cut = {name: cut_by(nodes, name, accused) for name in live}
    if not any(a in cut[b] for a in accused for b in cut[a]):
        return ()
    groups = [[n for n in live if n in group] for group in together(cut)]
    if len(groups) < 2:
        return ()
    return tuple(tuple(g) for g in sorted(groups, key=lambda g: (-len(g), live.index(g[0]))))


def cut_by(nodes: Mapping[NodeId, NodeView], name: NodeId, others: Iterable[NodeId]) -> set[NodeId]:
    """Whom of these a node holds dead, in their present lives."""
    held = nodes[name].beliefs
    return {
        other for other in others
        if (belief := held.get(other)) is not None
        and DEAD <= belief.state <= REMOVED and belief.epoch >= nodes[other].epoch
    }  # fmt: skip


def together(cut: Mapping[NodeId, set[NodeId]]) -> list[set[NodeId]]:
    """Groups of those that do not hold each other dead, given whom each does."""
    by: dict[NodeId, set[NodeId]] = {name: set() for name in cut}
    for name, others in cut.items():
        for other in others:
            by[other].add(name)
    groups: list[set[NodeId]] = []
    left = dict.fromkeys(cut)
    while left:
        first = next(iter(left))
        del left[first]
        group, near = {first}, [first]
        while near:
            name = near.pop()
            found = left.keys() - cut[name] - by[name]
            for other in found:
                del left[other]
            group |= found
            near += found
        groups.append(group)
    return groups
