"""What caused what, over the whole trace: facts by name, their effects, both ends of a message.

Each packed chunk is opened and indexed once and remembered; only the open end of the trace is
indexed anew. Ignores what a story is (`tui.judge.stories.story`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

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
    Payload,
    ProbeMissed,
    ReadRepaired,
    SiblingsKept,
    SuspicionConfirmed,
    SuspicionRaised,
)
from cluster.model.member import MemberState, NodeId
from tui.judge.memo import Memo
from tui.seen.trace import Trace
from tui.view import MessageId


class _Index(Struct, frozen=True):
    """One stretch of the trace."""

    facts: tuple[Fact, ...]
    by_id: dict[FactId, Fact]
    effects: dict[FactId, list[Fact]]
    arrivals: dict[MessageId, Fact]
    sendings: dict[MessageId, Fact]
    ends: dict[MessageId, Fact]
    """How an operation ended, by (coordinator, its epoch, the operation's number)."""
    begins: dict[MessageId, Fact]
    accusing: list[Fact]
    """Facts that say that somebody is silent, suspect or dead."""
    keyed: dict[str, list[Fact]]
    """By key: what became of it."""
    since: int
    until: int
    """When the first and the last of its facts were made, by their nodes."""


_INDEXES: Final = Memo[_Index](96)


def _index(facts: tuple[Fact, ...]) -> _Index:
    times = [fact.at for fact in facts]
    index = _Index(facts, {}, {}, {}, {}, {}, {}, [], {}, min(times), max(times))
    for fact in facts:
        if isinstance(fact.payload, _ACCUSING) and accused(fact.payload) is not None:
            index.accusing.append(fact)
        if isinstance(fact.payload, _KEYED):
            index.keyed.setdefault(fact.payload.key, []).append(fact)
        index.by_id[fact.id] = fact
        for cause in fact.causes:
            index.effects.setdefault(cause, []).append(fact)
        match fact.payload:
            case MessageSent(number=number):
                index.sendings[fact.node, fact.epoch, number] = fact
            case MessageReceived(sender=sender, sender_epoch=epoch, number=number):
                index.arrivals[sender, epoch, number] = fact
            case OperationStarted(number=number):
                index.begins[fact.node, fact.epoch, number] = fact
            case OperationFinished(number=number):
                index.ends[fact.node, fact.epoch, number] = fact
            case _:
                pass
    return index


_KEYED: Final = (OperationFinished, SiblingsKept, ReadRepaired, HintStored)
_ACCUSING: Final = (ProbeMissed, SuspicionRaised, SuspicionConfirmed, MemberChanged)


def accused(payload: Payload) -> NodeId | None:
    """Whom a fact accuses, if it does."""
    match payload:
        case ProbeMissed(target=target):
            return target
        case SuspicionRaised(subject=subject) | SuspicionConfirmed(subject=subject):
            return subject
        case MemberChanged(claim=claim):
            return claim.name if claim.state in (MemberState.SUSPECT, MemberState.DEAD) else None
        case _:
            return None


class Weave:
    """The whole trace, to be asked. Cheap to make: what was indexed before is not again."""

    def __init__(self, trace: Trace) -> None:
        self._parts = [
            _INDEXES.get(chunk, None, lambda chunk=chunk: _index(tuple(chunk.facts())))
            for chunk in trace.chunks
        ]
        if trace.tail:
            self._parts.append(_INDEXES.get(trace.tail, None, lambda: _index(trace.tail)))

    def between(self, since: int, until: int) -> Iterator[Fact]:
        """The facts that were made in this time, both ends included, in the order of folding."""
        for part in self._parts:
            if part.since <= until and part.until >= since:
                yield from (fact for fact in part.facts if since <= fact.at <= until)

    def operations(self) -> Iterator[Fact]:
        """The beginnings of operations, the last folded first."""
        for part in reversed(self._parts):
            yield from reversed(part.begins.values())

    def accusations(self) -> Iterator[Fact]:
        """Whatever accuses somebody, the last folded first."""
        for part in reversed(self._parts):
            yield from reversed(part.accusing)

    def of_key(self, key: str) -> Iterator[Fact]:
        """What became of a key: answers, values kept apart, repairs, hints; the first folded first."""
        for part in self._parts:
            yield from part.keyed.get(key, ())

    def __len__(self) -> int:
        return sum(len(part.facts) for part in self._parts)

    def fact(self, name: FactId) -> Fact | None:
        """The fact of a name, if it is kept."""
        for part in reversed(self._parts):
            found = part.by_id.get(name)
            if found is not None:
                return found
        return None

    def causes(self, fact: Fact) -> list[Fact]:
        """What led to it, as far as it is kept: what it names, and the sending of an arrival."""
        parts = self._parts[::-1]
        found = [cause for name in fact.causes if (cause := self.fact(name)) is not None]
        match fact.payload:
            case MessageReceived(sender=sender, sender_epoch=epoch, number=number):
                sent = _first((p.sendings for p in parts), (sender, epoch, number))
            case OperationFinished(number=number):
                begun = _first((p.begins for p in parts), (fact.node, fact.epoch, number))
                sent = None if found else begun
            case _:
                sent = None
        if sent is not None and sent not in found:
            found.append(sent)
        return found

    def effects(self, fact: Fact) -> list[Fact]:
        """What it led to, as far as it is kept: who names it, the arrival of a sending, an end."""
        parts = self._parts[::-1]
        name = fact.id
        found = [each for part in self._parts for each in part.effects.get(name, ())]
        match fact.payload:
            case MessageSent(number=number):
                other = _first((p.arrivals for p in parts), (fact.node, fact.epoch, number))
            case OperationStarted(number=number):
                other = _first((p.ends for p in parts), (fact.node, fact.epoch, number))
            case _:
                other = None
        if other is not None and other not in found:
            found.append(other)
        return found


def _first(tables: Iterator[dict[MessageId, Fact]], name: MessageId) -> Fact | None:
    for table in tables:
        if (found := table.get(name)) is not None:
            return found
    return None
