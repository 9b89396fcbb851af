"""A story in words: its title, the sentence above the picture, and each step, short and long.

A short word stands on a lane of the picture ("stores", "keeps it for n4"); a long one says who,
what and when below it. What is inferred says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Set
from typing import Final

from cluster.model.facts import (
    Fact,
    FactId,
    FaultHealed,
    FaultInjected,
    HintsDelivered,
    HintStored,
    MemberChanged,
    MessageReceived,
    MessageSent,
    OperationFinished,
    OperationStarted,
    ProbeMissed,
    ReadRepaired,
    SiblingsKept,
    SuspicionConfirmed,
    SuspicionRaised,
    SuspicionRefuted,
)
from cluster.model.member import MemberState, NodeId
from tui.draw.flights import family_of
from tui.judge.phrases import done, holds
from tui.judge.stories.story import Arrow, Step, Story
from tui.judge.stories.weave import Weave
from tui.judge.verdict import Verdict
from tui.judge.wording import Tone, counted, listed, millis

_DOES: Final = {
    "replicawrite": "stores",
    "replicaread": "reads",
    "hintwrite": "takes it",
    "forward": "takes it over",
    "relay": "decides",
    "pingreq": "is asked to try",
    "nack": "cannot either",
}
_MEANS: Final = {
    "replicawrite": "a copy to store",
    "replicawritten": "it is on disk",
    "replicaread": "what do you hold?",
    "replicavalue": "what it holds",
    "hintwrite": "a kept write, brought home",
    "forward": "a write to mint",
    "forwarded": "how the write ended",
    "ping": "are you there?",
    "ack": "yes",
    "nack": "no answer here either",
    "pingreq": "please try",
    "gossip": "news",
    "pushpull": "all it knows",
}


def short(fact: Fact) -> str:
    """The word on the lane; empty where the mark says enough."""
    match fact.payload:
        case OperationStarted(kind=kind, key=key):
            return f"{kind} {key}"
        case OperationFinished(outcome=outcome, took_us=took):
            return f"{outcome} after {millis(took)}"
        case MessageReceived(kind=kind):
            return _DOES.get(kind, "")
        case HintStored(target=target):
            return f"keeps it for {target}"
        case HintsDelivered(target=target, delivered=delivered):
            return f"{delivered} home at {target}"
        case SiblingsKept(count=count):
            return f"{count} values, all kept"
        case ReadRepaired(replicas=replicas):
            return f"mends {listed(replicas)}"
        case FaultInjected() | FaultHealed():
            return done(fact.payload)
        case _:
            return _doubt(fact)


def _doubt(fact: Fact) -> str:
    match fact.payload:
        case ProbeMissed(target=target):
            return f"{target} silent"
        case SuspicionRaised(subject=subject, accuser=accuser):
            return f"suspects {subject}" if accuser == fact.node else ""
        case SuspicionConfirmed(accuser=accuser, confirmations=count):
            return f"{accuser} too" if accuser else f"{count} more"
        case SuspicionRefuted():
            return "answers: alive"
        case MemberChanged(claim=claim):
            return holds(claim.name, claim.state).replace(" is ", " ")
        case _:
            return ""


def long(step: Step, story: Story) -> str:
    """A step in a sentence of its own, without its time."""
    fact = step.fact
    match fact.payload:
        case MessageSent(to=to, kind=kind, key=key, about=about):
            what = " ".join(part for part in (kind, key, f"about {about}" if about else "") if part)
            means = f" ({_MEANS[kind]})" if kind in _MEANS else ""
            return f"{fact.node} → {to}   {what}{means}, {_fate(step, story)}"
        case MessageReceived(sender=sender, kind=kind):
            means = f" ({_MEANS[kind]})" if kind in _MEANS else ""
            return f"{fact.node} got {kind}{means} from {sender}"
        case OperationStarted(kind=kind, key=key, owners=owners):
            return f"{fact.node} takes a client's {kind} of {key}, owned by {listed(owners)}"
        case OperationFinished(outcome=outcome, replicas=replicas, took_us=took):
            proof = f", proved by {listed(replicas)}" if replicas else ""
            return f"{fact.node} tells the client: {outcome} after {millis(took)}{proof}"
        case ProbeMissed(target=target, waited_us=waited, asked=asked):
            others = f", asks {listed(asked)} to try" if asked else ""
            return f"{fact.node} heard nothing from {target} in {millis(waited)}{others}"
        case MemberChanged(claim=claim, teller=teller):
            by = f", told by {teller}" if teller not in (fact.node, "") else ""
            return f"{fact.node} now holds that {holds(claim.name, claim.state)}{by}"
        case SuspicionRaised(subject=subject, accuser=accuser, evidence=evidence):
            why = "it refused a connection" if evidence == "refused" else "it is silent"
            return f"{fact.node} suspects {subject}: {why} (accused by {accuser})"
        case _:
            return f"{fact.node} {short(fact)}"


def _fate(step: Step, story: Story) -> str:
    arrow = next((a for a in story.arrows if a.sent == step.id), None)
    if arrow is None or (not arrow.lost and arrow.received is None):
        return "under way"
    if arrow.lost:
        return "not known to have arrived (inferred)"
    arrival = story.step(arrow.received)
    took = arrival.fact.at - step.fact.at if arrival is not None else 0
    return f"arrived after {millis(max(0, took))}"


def title(story: Story) -> str:
    """What the story is of, for the first line."""
    if story.subject == "accusation":
        return f"how {story.about} came to be doubted"
    started = story.step(story.root)
    kind = started.fact.payload.kind if started and isinstance(
        started.fact.payload, OperationStarted) else "operation"  # fmt: skip
    return f"{kind} {story.key}"


def sentence(story: Story) -> Verdict:
    """The story in a line, and in fewer words."""
    return _of_accusation(story) if story.subject == "accusation" else _of_operation(story)


def _of_operation(story: Story) -> Verdict:
    who = story.about
    ends = [s.fact.payload for s in story.steps
            if isinstance(s.fact.payload, OperationFinished) and s.fact.node == who]  # fmt: skip
    kept = [(s.fact.node, s.fact.payload.target) for s in story.steps
            if isinstance(s.fact.payload, HintStored)]  # fmt: skip
    asked = list(dict.fromkeys(a.to for a in story.arrows if _sender(story, a) == who))
    lost = list(dict.fromkeys(a.to for a in story.arrows if a.lost))
    tone: Tone = "plain"
    parts = [f"{who} coordinates" + (f", asks {listed(asked)}." if asked else " alone.")]
    brief = [f"{who} asks {listed(asked)}" if asked else f"{who} alone"]
    if ends:
        end = ends[-1]
        good = end.outcome in ("ok", "absent")
        tone = "good" if good else "bad"
        proof = f" on {listed(end.replicas)}" if end.kind != "get" and end.replicas else ""
        verb = "safe" if good and end.kind != "get" else end.outcome
        parts.append(f"The client hears {verb}{proof} after {millis(end.took_us)}.")
        brief.append(f"{verb} after {millis(end.took_us)}")
    else:
        parts.append("No answer to the client is known yet.")
        brief.append("no answer yet")
    if lost:
        tone = "warn" if tone == "good" else tone
        parts.append(f"{listed(lost)} never answered.")
        brief.append(f"{listed(lost)} silent")
    if kept:
        node, target = kept[0]
        parts.append(f"{node} keeps it for {target}.")
        brief.append(f"{node} keeps it for {target}")
    return Verdict(" ".join(parts), tone, " · ".join(brief))


def _of_accusation(story: Story) -> Verdict:
    about = story.about
    missed = [s.fact for s in story.steps if isinstance(s.fact.payload, ProbeMissed)]
    learned: dict[MemberState, dict[NodeId, int]] = {}
    for step in story.steps:
        payload = step.fact.payload
        if isinstance(payload, MemberChanged) and payload.claim.name == about:
            learned.setdefault(payload.claim.state, {}).setdefault(step.fact.node, step.fact.at)
    parts: list[str] = []
    brief: list[str] = []
    if missed:
        first = missed[0].payload
        asked = f" and asked {listed(first.asked)}" if isinstance(
            first, ProbeMissed) and first.asked else ""  # fmt: skip
        parts.append(f"{missed[0].node} got no answer from {about}{asked}.")
        brief.append(f"{missed[0].node} got no answer from {about}")
    for state in (MemberState.SUSPECT, MemberState.DEAD):
        who = learned.get(state)
        if who:
            span = max(who.values()) - min(who.values())
            within = "" if len(who) == 1 else f" within {millis(span)}" if span else " at once"
            parts.append(f"{state.word.capitalize()} at {counted(len(who), 'node')}{within}.")
            brief.append(f"{state.word} at {len(who)}{within}")
    tone: Tone = "bad" if MemberState.DEAD in learned else "warn"
    text = " ".join(parts) or f"{about} was doubted."
    return Verdict(text, tone, " · ".join(brief))


def _sender(story: Story, arrow: Arrow) -> NodeId:
    step = story.step(arrow.sent)
    return step.fact.node if step is not None else NodeId("")


def counts(story: Story) -> str:
    """The story's messages by kind: "replicawrite 2  replicawritten 2"."""
    found = Counter(arrow.kind for arrow in story.arrows)
    return "  ".join(f"{kind} {count}" for kind, count in found.items())


def hidden(weave: Weave, story: Story, also: Set[FactId] = frozenset()) -> str:
    """Traced messages of the same time that are not drawn, by family; `also` are drawn too."""
    drawn = {step.id for step in story.steps} | also
    last = max(step.fact.at for step in story.steps)
    found: Counter[str] = Counter()
    for fact in weave.between(story.began, last):
        if isinstance(fact.payload, MessageSent):
            found[family_of(fact.payload.kind)] += fact.id not in drawn
    return "  ".join(f"{family} {count}" for family, count in sorted(found.items()) if count)
