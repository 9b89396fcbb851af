"""One story out of the trace: an operation or an accusation, with all that it led to.

Decides which facts belong together, which of them to tell first, and which steps led to which.
Two kinds: *an operation* is everything that follows from its start by the causes that the nodes
stated; *an accusation* is everything said about one member within a short time, however it came
about. Order is by the hybrid clocks, never by skewed walls. What nobody stated is marked as
inferred: a message whose arrival nobody told of for `LATE_US` is lost, and news that came with a
message was sent because its sender had just learned it.
"""

from __future__ import annotations

from collections import deque
from typing import Final, Literal

from msgspec import Struct

from cluster.model.facts import (
    Fact,
    FactId,
    HintStored,
    MemberChanged,
    MessageReceived,
    MessageSent,
    OperationFinished,
    OperationStarted,
    ProbeMissed,
    SuspicionRaised,
)
from cluster.model.member import MemberState, NodeId
from tui.judge.memo import Memo
from tui.judge.stories.weave import Weave, accused

LATE_US: Final = 400_000
"""A message of which no arrival was told for this long is taken for lost."""
SETTLED_US: Final = 600_000
"""Only what began so long ago is chosen by itself: what belongs to it has been heard by now."""
STEPS_MAX: Final = 72
"""Of one story; later ones are only counted."""
LEARNERS_MAX: Final = 12
"""Nodes whose learning of an accusation is drawn."""
LULL_US: Final = 2_000_000
"""After so long a lull what is said about a member is another accusation."""
EPISODE_US: Final = 6_000_000
"""What is said about one member within this of its first accusation is one accusation."""
LOOKED_AT_MAX: Final = 40
"""Beginnings of operations that can be walked through."""
ONLY_MAX: Final = 40
"""Beginnings about one key or node that can be walked through."""
COMPARED_MAX: Final = 12
"""Beginnings of operations among which the most telling is chosen, with each picture."""
FRESH_US: Final = 9_000_000
"""An accusation is what matters most for this long."""
SLOT_US: Final = 5_000_000
"""A live picture tells one story for this long."""

Subject = Literal["operation", "accusation"]


class Topic(Struct, frozen=True):
    """What stories can be only about: the operations on one key, or the doubts about one node."""

    subject: Subject
    name: str

    @property
    def written(self) -> str:
        """In words."""
        return self.name if self.subject == "operation" else f"doubts about {self.name}"


class Step(Struct, frozen=True):
    """One fact of a story."""

    fact: Fact
    causes: tuple[FactId, ...]
    """Steps of this story that led to it."""
    inferred: bool = False
    """Whether a cause is our conclusion and not the node's word."""

    @property
    def id(self) -> FactId:
        """The name of its fact."""
        return self.fact.id

    @property
    def order(self) -> tuple[int, NodeId, int]:
        """Where it stands: causes come before effects, whatever the clocks of walls say."""
        return self.fact.hlc, self.fact.node, self.fact.seq


_STEPS: Final = Memo[dict[FactId, Step]](32)
"""The steps by name of the stories that were drawn last."""


class Arrow(Struct, frozen=True):
    """A message of a story."""

    sent: FactId
    to: NodeId
    kind: str
    received: FactId | None = None
    lost: bool = False
    """Inferred: nobody told of its arrival in time. Neither received nor lost: under way."""


class Story(Struct, frozen=True):
    """Everything there is to draw, in order."""

    subject: Subject
    root: FactId
    about: NodeId
    """The coordinator of an operation, or the member that is accused."""
    key: str
    steps: tuple[Step, ...]
    arrows: tuple[Arrow, ...]
    more: int = 0
    """Steps beyond `STEPS_MAX`."""

    @property
    def began(self) -> int:
        """By the clock of its first step's node."""
        return self.steps[0].fact.at

    @property
    def lanes(self) -> tuple[NodeId, ...]:
        """Whoever takes part, in order of appearance."""
        names = dict.fromkeys(step.fact.node for step in self.steps)
        names |= dict.fromkeys(arrow.to for arrow in self.arrows)
        names |= dict.fromkeys(name for _, name in self.unseen_copies)
        return tuple(names)

    @property
    def unseen_copies(self) -> tuple[tuple[Step, NodeId], ...]:
        """Nodes on which a write is said to be safe though no message to or from them was traced: the
        step that says so, and the node. Not every message is told of."""
        seen = {step.fact.node for step in self.steps} | {arrow.to for arrow in self.arrows}
        return tuple(
            (step, name)
            for step in self.steps
            if isinstance(end := step.fact.payload, OperationFinished) and end.kind != "get"
            for name in end.replicas
            if name not in seen
        )

    def step(self, name: FactId | None) -> Step | None:
        """The step of a name."""
        steps = _STEPS.get(self.steps, None, lambda: {step.id: step for step in self.steps})
        return steps.get(name) if name is not None else None

    def path(self, name: FactId) -> frozenset[FactId]:
        """A step, everything that led to it, and everything that it led to."""
        return frozenset(self.before(name) | self.after(name))

    def before(self, name: FactId) -> set[FactId]:
        """A step and everything that led to it."""
        causes = {step.id: step.causes for step in self.steps}
        return _closure(name, causes)

    def after(self, name: FactId) -> set[FactId]:
        """A step and everything that it led to."""
        effects: dict[FactId, list[FactId]] = {}
        for step in self.steps:
            for cause in step.causes:
                effects.setdefault(cause, []).append(step.id)
        return _closure(name, effects)


def _closure(
    start: FactId, links: dict[FactId, tuple[FactId, ...]] | dict[FactId, list[FactId]]
) -> set[FactId]:
    found = {start}
    waiting = [start]
    while waiting:
        for other in links.get(waiting.pop(), ()):
            if other not in found:
                found.add(other)
                waiting.append(other)
    return found


# --- making one ----------------------------------------------------------------------------------


def tell(weave: Weave, root: Fact, now: int) -> Story:
    """The story that begins with this fact."""
    match root.payload:
        case OperationStarted(key=key):
            facts = _follow(weave, root)
            return _made("operation", root, root.node, key, facts, weave, now)
        case payload:
            about = accused(payload) or root.node
            facts = _episode(weave, about, root)
            return _made("accusation", root, about, "", facts, weave, now)


def _follow(weave: Weave, root: Fact) -> list[Fact]:
    """A fact and all its effects, nearest first, so that what is cut off is what came late."""
    found = {root.id: root}
    waiting = deque([root])
    while waiting and len(found) < 4 * STEPS_MAX:
        for effect in weave.effects(waiting.popleft()):
            if effect.id not in found:
                found[effect.id] = effect
                waiting.append(effect)
    return list(found.values())


def _episode(weave: Weave, about: NodeId, root: Fact) -> list[Fact]:
    """How a member came to be doubted: who missed its answer, and when each node learned what.

    Of the first to miss it also whom it asked to try; of the others only the news, or nobody could
    read the picture of five nodes that all probe at once.
    """
    said = _accusations(weave, about, root)
    first: dict[tuple[NodeId, str], Fact] = {}
    for fact in said:
        match fact.payload:
            case MemberChanged(claim=claim):
                first.setdefault((fact.node, claim.state.word), fact)
            case ProbeMissed():
                first.setdefault((fact.node, "missed"), fact)
            case SuspicionRaised(accuser=accuser) if accuser == fact.node:
                first.setdefault((fact.node, "accused"), fact)
            case _:
                pass
    learners = dict.fromkeys(node for node, _ in first)
    kept = list(learners)[:LEARNERS_MAX]
    found = {fact.id: fact for (node, _), fact in first.items() if node in kept}
    found = found or {fact.id: fact for fact in said[:STEPS_MAX]}
    asker = next((f for f in found.values() if isinstance(f.payload, ProbeMissed)), None)
    for fact in list(found.values()):
        for cause in weave.causes(fact):
            if isinstance(cause.payload, MessageReceived):
                found.update((each.id, each) for each in (cause, *weave.causes(cause)))
            elif isinstance(cause.payload, MessageSent):
                found[cause.id] = cause
    for effect in weave.effects(asker) if asker is not None else ():
        if isinstance(effect.payload, MessageSent):
            found.update((each.id, each) for each in (effect, *weave.effects(effect)))
    return list(found.values())


def _accusations(weave: Weave, about: NodeId, root: Fact) -> list[Fact]:
    """Everything said against a member in one go, oldest first."""
    said = [
        fact
        for fact in weave.accusations()
        if abs(fact.at - root.at) <= EPISODE_US and accused(fact.payload) == about
    ]
    said.sort(key=lambda fact: (fact.hlc, fact.node, fact.seq))
    place = next((i for i, fact in enumerate(said) if fact.hlc >= root.hlc), 0)
    while place > 0 and said[place].at - said[place - 1].at <= LULL_US:
        place -= 1
    return said[place:]


def _made(
    subject: Subject,
    root: Fact,
    about: NodeId,
    key: str,
    facts: list[Fact],
    weave: Weave,
    now: int,
) -> Story:
    facts.sort(key=lambda fact: (fact.hlc, fact.node, fact.seq))
    kept = facts[:STEPS_MAX]
    names = {fact.id for fact in kept}
    steps: list[Step] = []
    arrows: list[Arrow] = []
    learned: dict[tuple[NodeId, NodeId, MemberState], Fact] = {}
    for fact in kept:
        causes = tuple(c.id for c in weave.causes(fact) if c.id in names)
        inferred = False
        match fact.payload:
            case MemberChanged(claim=claim):
                learned[fact.node, claim.name, claim.state] = fact
            case MessageSent(number=number, to=to, kind=kind):
                arrival = next(
                    (e for e in weave.effects(fact) if isinstance(e.payload, MessageReceived)), None
                )
                received = arrival.id if arrival is not None and arrival.id in names else None
                lost = arrival is None and now - fact.at > LATE_US
                arrows.append(Arrow(fact.id, to, kind, received, lost))
                if not causes and subject == "accusation":
                    known = [f for (node, _, _), f in learned.items() if node == fact.node]
                    causes, inferred = tuple(f.id for f in known[-1:]), bool(known)
                del number
            case _:
                pass
        steps.append(Step(fact, causes, inferred))
    return Story(subject, root.id, about, key, tuple(steps), tuple(arrows), len(facts) - len(kept))


# --- choosing one --------------------------------------------------------------------------------


def topic_of(story: Story) -> Topic:
    """What a story is about."""
    operation = story.subject == "operation"
    return Topic(story.subject, story.key if operation else story.about)


def beginnings(
    weave: Weave, now: int, count: int = LOOKED_AT_MAX, only: Topic | None = None
) -> list[Fact]:
    """The facts with which the latest stories up to `now` begin, newest first; `only`: about that.

    An operation that another node forwarded belongs to the story of that node; of an accusation the
    first fact stands for all.
    """
    found: list[Fact] = []
    for fact in weave.operations():
        if len(found) >= count:
            break
        if fact.at <= now and _is_about(fact, only) and not any(weave.causes(fact)):
            found.append(fact)
    accusations: dict[NodeId, Fact] = {}
    for fact in weave.accusations():
        whom = accused(fact.payload)
        held = accusations.get(whom) if whom is not None else None
        if whom is not None and fact.at <= now and (held is None or held.at - fact.at <= LULL_US):
            accusations[whom] = fact
    found += [fact for whom, fact in accusations.items()
              if only is None or only == Topic("accusation", whom)]  # fmt: skip
    found.sort(key=lambda fact: (fact.hlc, fact.node, fact.seq), reverse=True)
    return found


def _is_about(fact: Fact, only: Topic | None) -> bool:
    if only is None:
        return True
    payload = fact.payload
    return (
        only.subject == "operation"
        and isinstance(payload, OperationStarted)
        and payload.key == only.name
    )


def chosen(weave: Weave, now: int) -> Story | None:
    """The most telling story of the moment: a fresh accusation at once, else the same operation for
    `SLOT_US`, so that it can be read."""
    doubts = beginnings(weave, now - SETTLED_US, 0)
    if doubts and now - doubts[0].at < FRESH_US:
        return tell(weave, doubts[0], now)
    slot = now // SLOT_US * SLOT_US - SETTLED_US
    before = beginnings(weave, slot, COMPARED_MAX)
    if not before:  # hardly anything yet: the first thing that happened
        before = beginnings(weave, now - SETTLED_US)[-1:]
    told = [tell(weave, fact, now) for fact in before]
    return max(told, key=lambda story: (_weight(story), story.steps[0].order), default=None)


def _weight(story: Story) -> int:
    """How much there is to see: a write that missed somebody, a write, a read; an old doubt last."""
    if story.subject == "accusation":
        return 0
    kinds = {type(step.fact.payload) for step in story.steps}
    lost = any(arrow.lost for arrow in story.arrows)
    if HintStored in kinds or lost:
        return 4
    ended = any(
        isinstance(s.fact.payload, OperationFinished) and s.fact.payload.kind != "get"
        for s in story.steps
    )
    copied = any(arrow.kind == "replicawritten" for arrow in story.arrows)
    return 3 if ended and copied else 2 if ended and story.arrows else 1
