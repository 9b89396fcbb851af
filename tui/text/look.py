"""One look at a cluster: every node's own snapshot, or its record. For commands that print and end.

Starts at one window, learns the others' from what that node knows, asks them all at once and
waits a moment for each. Who does not answer is known as the others believe it. Plain HTTP through
`ask`, because importing a WebSocket client takes longer than the whole look.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from time import time_ns
from typing import Final, NamedTuple, TypeVar

import msgspec

from cluster.api.reading import read_fact, read_facts
from cluster.model.facts import Fact, FactsLost, SnapshotTaken
from cluster.model.member import Address, MemberState, NodeId
from tui.fold import fold
from tui.view import ClusterView

Ask = Callable[[str, str, str, bytes, dict[str, str]], tuple[int, dict[str, str], bytes]]
"""(address, method, path, body, headers) -> (status, headers, body); raises when nobody answers."""

MESSAGE_PACK: Final = {"Accept": "application/msgpack"}
ASKED_AT_ONCE: Final = 16

Answer = TypeVar("Answer")


def look_around(ask: Ask, address: str, silence: type[Exception]) -> tuple[ClusterView, int]:
    """The view and the moment it holds for.

    `silence` is what `ask` raises when nobody answers; it is passed on if the first is silent.
    The view is empty when something answered that is no node.
    """
    first = _snapshot(ask, address)
    facts = [] if first is None else [first]
    if first is not None and isinstance(first.payload, SnapshotTaken):
        answers = _all_at_once(_snapshot, ask, _others(first.payload), silence)
        facts += [fact for fact in answers if fact]
    return fold(ClusterView(), facts), time_ns() // 1_000


class Records(NamedTuple):
    """What the nodes of a cluster remember, and who was not to be had."""

    facts: list[Fact]
    """In the order of cause and effect: the hybrid clock's."""
    reporting: list[NodeId]
    silent: list[NodeId]
    """Members that should be there and did not answer; who has left is not one."""
    forgotten: dict[NodeId, int]
    """Facts that a node has made room for: its record begins later than it does."""


def records_around(ask: Ask, address: str, silence: type[Exception]) -> Records | None:
    """What every node that answers remembers for the incident record, and its snapshot.

    None when something answered that is no node. `silence` as in `look_around`.
    """
    first = _snapshot(ask, address)
    if first is None or not isinstance(first.payload, SnapshotTaken):
        return None
    known = _windows(first.payload)
    answers = [
        (first.node, _record(ask, Address(address))),
        *zip(known, _all_at_once(_record, ask, list(known.values()), silence), strict=True),
    ]
    told = {name: facts for name, facts in answers if facts}
    forgotten = {
        name: lost.count for name, facts in told.items()
        if isinstance(lost := facts[0].payload, FactsLost)
    }  # fmt: skip
    facts = sorted((f for each in told.values() for f in each), key=_order)
    return Records(facts, list(told), [name for name in known if name not in told], forgotten)


def _order(fact: Fact) -> tuple[int, NodeId, int]:
    return fact.hlc, fact.node, fact.seq


def each_window(
    one: Callable[[Ask, str], Answer], ask: Ask, address: str, silence: type[Exception]
) -> dict[NodeId, Answer | None]:
    """What `one` makes of every member's window, by name; None for those that are silent.

    Empty when something answered that is no node. `silence` as in `look_around`.
    """
    first = _snapshot(ask, address)
    if first is None or not isinstance(first.payload, SnapshotTaken):
        return {}
    windows = _windows(first.payload)
    found = _all_at_once(one, ask, list(windows.values()), silence)
    return {first.node: one(ask, address), **dict(zip(windows, found, strict=True))}


def objection(ask: Ask, address: str, peers: Sequence[str]) -> str:
    """Why links to these peers cannot be hurt; empty when they can.

    A fault for a name that is nobody's would visibly do nothing. `/fault` itself takes any name:
    the lab tells a node that has just started, and knows nobody yet, whom it must not reach.
    """
    fact = _snapshot(ask, address) if peers else None
    if fact is None or not isinstance(fact.payload, SnapshotTaken):
        return ""
    me = fact.payload.name
    claims = [fate.claim for fate in fact.payload.members]
    known = [c.name for c in claims if c.name != me and c.state is not MemberState.LEFT]
    strangers = [peer for peer in peers if peer != me and peer not in known]
    if not strangers:
        return ""
    known.sort(key=lambda name: (len(name), name))
    whom = f"only {', '.join(known)}" if known else "nobody else"
    return f"{me} knows no {' and no '.join(strangers)}, {whom}"


def _others(known: SnapshotTaken) -> list[Address]:
    """Windows of all members that may still be there."""
    return list(_windows(known).values())


def _windows(known: SnapshotTaken) -> dict[NodeId, Address]:
    claims = (fate.claim for fate in known.members)
    return {
        claim.name: claim.window
        for claim in claims
        if claim.name != known.name and claim.state is not MemberState.LEFT and claim.window
    }


def _all_at_once(
    one: Callable[[Ask, str], Answer | None],
    ask: Ask,
    windows: Sequence[Address],
    silence: type[Exception],
) -> list[Answer | None]:
    """What each window answered; None for those that did not."""

    def asked(window: Address) -> Answer | None:
        try:
            return one(ask, window)
        except silence:
            return None

    with ThreadPoolExecutor(ASKED_AT_ONCE) as pool:
        return list(pool.map(asked, windows))


def _record(ask: Ask, address: str) -> list[Fact] | None:
    """A node's record, and its state now (which says what the record may have forgotten)."""
    try:
        facts = read_facts(ask(address, "GET", "/record", b"", MESSAGE_PACK)[2])
    except msgspec.MsgspecError:
        return None
    now = _snapshot(ask, address)
    return [*facts, now] if now is not None else None


def _snapshot(ask: Ask, address: str) -> Fact | None:
    try:
        return read_fact(ask(address, "GET", "/snapshot", b"", MESSAGE_PACK)[2])
    except msgspec.MsgspecError:
        return None
