"""What became of one key, in the order in which it happened: written, kept apart, mended, and where.

Two sources. The nodes' copies, asked for, tell of every value that is still held: who minted it
when, and who holds it; and, by their contexts, how many older ones were replaced since. The facts
in the trace tell of the last seconds: answers to writes, values kept apart, repairs by reads,
hints; of operations only those that were traced. Times are each node's own clock.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from cluster.model.facts import (
    Fact,
    HintStored,
    OperationFinished,
    OperationStarted,
    ReadRepaired,
    SiblingsKept,
)
from cluster.model.member import NodeId
from cluster.model.values.copies import SiblingShown
from tui.judge.detail.copies import all_known, worth
from tui.judge.stories.weave import Weave
from tui.judge.wording import Tone, counted, listed, millis
from tui.seen.inspection import Copy
from tui.seen.trace import Trace

TOLD_MAX: Final = 40
"""Facts of one key that are told, the last ones: nobody reads more, and a busy key has hundreds."""
KEY_TOLD: Final = 40
"""Characters of a key in a fact."""


class Happening(Struct, frozen=True):
    """One line."""

    at: int
    node: NodeId
    text: str
    tone: Tone = "plain"
    dot: str = ""
    """The value's short name, where this is the minting of one that is still held."""


def history(copies: tuple[Copy, ...], trace: Trace, key: str, now: int) -> list[Happening]:
    """Everything that is known of a key up to `now`, oldest first."""
    facts = Weave(trace).of_key(told_as(key))
    lines = [_of_fact(fact) for fact in facts if fact.at <= now]
    told = sorted((line for line in lines if line is not None), key=_order)[-TOLD_MAX:]
    return sorted([*_minted(copies), *told], key=_order)


def told_as(key: str) -> str:
    """A key as nodes write it in facts: shortened, so that long keys with one beginning look alike."""
    return key if len(key) <= KEY_TOLD else f"{key[: KEY_TOLD - 1]}…"


def some_key(trace: Trace) -> str:
    """A key that exists: of the last operation that was traced; empty when none was."""
    keys = (f.payload.key for f in Weave(trace).operations()
            if isinstance(f.payload, OperationStarted))  # fmt: skip
    return next((key for key in keys if key and not key.endswith("…")), "")


def _order(line: Happening) -> tuple[int, str, str]:
    return line.at, line.node, line.dot


def replaced(copies: tuple[Copy, ...]) -> int:
    """How many values were minted, by what the copies know, that none of them holds any more."""
    minted = sum(all_known(copies).values())
    return max(0, minted - len(_held(copies)))


def _held(copies: tuple[Copy, ...]) -> dict[tuple[str, int], SiblingShown]:
    return {(s.actor, s.counter): s for c in copies if c.held for s in c.held.siblings}


def _minted(copies: tuple[Copy, ...]) -> list[Happening]:
    """A line for each value that is still held, and which of them others have since replaced."""
    found: list[Happening] = []
    for dot, sibling in _held(copies).items():
        holders = [c.node for c in copies
                   if c.held and dot in {(s.actor, s.counter) for s in c.held.siblings}]  # fmt: skip
        over = [c.node for c in copies
                if c.held and c.node not in holders and c.held.context.get(dot[0], 0) >= dot[1]]  # fmt: skip
        newer = f", replaced at {listed(over)}" if over else ""
        found.append(
            Happening(
                sibling.written_at,
                NodeId(sibling.replica),
                f"{worth(sibling)}  at {listed(holders)}{newer}",
                "muted" if over else "plain",
                f"{sibling.replica}:{sibling.counter}",
            )
        )
    return found


def _of_fact(fact: Fact) -> Happening | None:
    """A line for a fact; None for one that changed nothing (a read that found one value)."""
    node, at = fact.node, fact.at
    match fact.payload:
        case OperationFinished(kind="get", siblings=siblings):
            if siblings < 2:
                return None
            return Happening(at, node, f"a read was given {siblings} values, to be merged", "warn")
        case OperationFinished(kind=kind, outcome=outcome, replicas=replicas, took_us=took):
            tone: Tone = "plain" if outcome in ("ok", "absent") else "warn"
            proof = f", proved by {listed(replicas)}" if replicas else ""
            return Happening(at, node, f"{kind}: {outcome} after {millis(took)}{proof}", tone)
        case SiblingsKept(count=count):
            said = f"met values that it did not know: keeps {counted(count, 'value')} apart"
            return Happening(at, node, said, "warn")
        case ReadRepaired(replicas=replicas):
            return Happening(at, node, f"a read mended {listed(replicas)}", "good")
        case HintStored(target=target):
            return Happening(at, node, f"keeps it for {target}, as a hint")
        case _:
            return None
