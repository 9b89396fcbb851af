"""One look at a cluster: every node's own snapshot, folded. For commands that print and end.

Starts at one window, learns the others' from what that node knows, asks them all at once and
waits a moment for each. Who does not answer is in the view as the others believe it. Plain HTTP
through `ask`, because importing a WebSocket client takes longer than the whole look.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from time import time_ns
from typing import Final

import msgspec

from cluster.model.facts import Fact, SnapshotTaken
from cluster.model.member import Address, MemberState
from tui.fold import fold
from tui.view import ClusterView

Ask = Callable[[str, str, str, bytes, dict[str, str]], tuple[int, dict[str, str], bytes]]
"""(address, method, path, body, headers) -> (status, headers, body); raises when nobody answers."""

MESSAGE_PACK: Final = {"Accept": "application/msgpack"}
ASKED_AT_ONCE: Final = 16

_fact = msgspec.msgpack.Decoder(Fact)


def look_around(ask: Ask, address: str, silence: type[Exception]) -> tuple[ClusterView, int]:
    """The view and the moment it holds for.

    `silence` is what `ask` raises when nobody answers; it is passed on if the first is silent.
    The view is empty when something answered that is no node.
    """
    first = _snapshot(ask, address)
    facts = [] if first is None else [first]
    if first is not None and isinstance(first.payload, SnapshotTaken):

        def asked(window: Address) -> Fact | None:
            try:
                return _snapshot(ask, window)
            except silence:
                return None

        with ThreadPoolExecutor(ASKED_AT_ONCE) as pool:
            facts += [fact for fact in pool.map(asked, _others(first.payload)) if fact]
    return fold(ClusterView(), facts), time_ns() // 1_000


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
    claims = (fate.claim for fate in known.members)
    return [
        claim.window
        for claim in claims
        if claim.name != known.name and claim.state is not MemberState.LEFT and claim.window
    ]


def _snapshot(ask: Ask, address: str) -> Fact | None:
    try:
        return _fact.decode(ask(address, "GET", "/snapshot", b"", MESSAGE_PACK)[2])
    except msgspec.MsgspecError:
        return None
