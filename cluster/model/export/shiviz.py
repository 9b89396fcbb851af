"""Traces of messages in ShiViz's log form (bestchai.bitbucket.io/shiviz).

The first line is the regular expression that takes events apart, the second (empty here) would part
several executions. Then two lines an event: the host and its vector clock as JSON, and what
happened. The clocks are derived from facts: a node's facts are one after the
other, and a `MessageReceived` knows what the `MessageSent` of the same (sender, boot epoch,
number) knew (Fidge 1988, Mattern 1989). A message whose sending was not traced, or not kept, is an
event of its receiver alone: no order is drawn that the facts do not prove.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Final

import msgspec

from cluster.model.facts import Fact, MessageReceived, MessageSent

PARSER: Final = r"(?<host>\S*) (?<clock>{.*})\n(?<event>.*)"
"""What ShiViz takes an event apart with."""

MessageName = tuple[str, int, int]
_encode: Final = msgspec.json.Encoder().encode


def shiviz_log(facts: Iterable[Fact], *, messages_only: bool = True) -> str:
    """The log of these facts. `messages_only` leaves out what happened inside a node."""
    told = {fact.id: fact for fact in facts}
    rows: dict[str, deque[Fact]] = {}
    for fact in sorted(told.values(), key=lambda fact: (fact.node, fact.epoch, fact.seq)):
        if not messages_only or isinstance(fact.payload, MessageSent | MessageReceived):
            rows.setdefault(fact.node, deque()).append(fact)
    lines = [PARSER, ""]
    clocks: dict[str, dict[str, int]] = {node: {} for node in rows}
    sent: dict[MessageName, dict[str, int]] = {}
    awaited = {_name(fact) for row in rows.values() for fact in row if _is_sent(fact)}
    for fact in _in_causal_order(rows, awaited):
        clock = clocks[fact.node]
        if isinstance(fact.payload, MessageReceived):
            for node, count in sent.get(_name(fact), {}).items():
                clock[node] = max(clock.get(node, 0), count)
        clock[fact.node] = clock.get(fact.node, 0) + 1
        if _is_sent(fact):
            sent[_name(fact)] = dict(clock)
        lines.append(f"{fact.node} {_encode(dict(sorted(clock.items()))).decode()}\n{_words(fact)}")
    return "\n".join(lines) + "\n"


def _is_sent(fact: Fact) -> bool:
    return isinstance(fact.payload, MessageSent)


def _name(fact: Fact) -> MessageName:
    payload = fact.payload
    if isinstance(payload, MessageReceived):
        return (payload.sender, payload.sender_epoch, payload.number)
    assert isinstance(payload, MessageSent)
    return (fact.node, fact.epoch, payload.number)


def _in_causal_order(rows: dict[str, deque[Fact]], awaited: set[MessageName]) -> Iterable[Fact]:
    """All facts, each node's in its order, and nothing received before it was sent.

    Clocks of different nodes are not compared for that, except to choose among what may come next.
    """
    while rows:
        ready = [node for node, row in rows.items() if not _waits(row[0], awaited)]
        # Facts that contradict each other (a message that was sent after it came) stop nobody.
        node = min(ready or rows, key=lambda node: (rows[node][0].at, node))
        fact = rows[node].popleft()
        if not rows[node]:
            del rows[node]
        if _is_sent(fact):
            awaited.discard(_name(fact))
        yield fact


def _waits(fact: Fact, awaited: set[MessageName]) -> bool:
    return isinstance(fact.payload, MessageReceived) and _name(fact) in awaited


def _words(fact: Fact) -> str:
    payload = fact.payload
    match payload:
        case MessageSent(number, to, kind, key=key, about=about):
            whom = to or "an address"
            more = (f" of {key}" if key else "") + (f" about {about}" if about else "")
            return _line(f"sends {kind} {number} to {whom}{more}")
        case MessageReceived(sender, _, number, kind):
            return f"receives {kind} {number} from {sender}"
        case _:
            return _line(f"{payload.__struct_config__.tag} {_encode(payload).decode()}")


def _line(text: str) -> str:
    return text.replace("\n", " ").replace("\r", " ")
