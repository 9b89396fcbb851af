"""Members that do not answer us, while those that do hold them alive: what we know of them ourselves.

Of another maker's cluster there are three cases: nobody of us has asked them yet, they answered and do
so no more, or their own place refuses a connection. Only the last is a sign of a failure, and it is
ours: it is told apart from what the members say. Of our own clusters a window can be closed.
"""

from __future__ import annotations

from typing import Final

from cluster.model.member import NodeId
from tui.judge.agreement import Agreement
from tui.judge.foreign.telling import telling
from tui.judge.tale import NOT_NOTICED, Clause, refuses
from tui.judge.wording import Tone, joined, listed, seconds
from tui.view import ClusterView

NOTICING_US: Final = 30_000_000
"""Whoever is not noticed for so long may be well, and only not let us in."""


def unheard(
    view: ClusterView, now: int, judged: Agreement, silent: list[NodeId]
) -> tuple[Tone, Clause]:
    """Alive to the others, but not to us."""
    if telling(view) is not None:
        return _foreign(view, now, judged, silent)
    windows = [name for name in silent if not view.nodes[name].connected]
    verb = "does" if len(silent) == 1 else "do"
    it = "it" if len(silent) == 1 else "them"
    if windows:
        whose = "its window does" if len(silent) == 1 else "their windows do"
        text = f"The others hold {listed(silent)} alive, but {whose} not answer us."
        return "warn", Clause(text, f"{listed(silent)}: window closed")
    age = seconds(now - min(view.nodes[name].reported_at for name in silent))
    text = f"{listed(silent)} {verb} not report since {age}, the others hold {it} alive."
    return "warn", Clause(text, f"{listed(silent)} {verb} not report, {age}")


def _foreign(
    view: ClusterView, now: int, judged: Agreement, silent: list[NodeId]
) -> tuple[Tone, Clause]:
    refusing = [name for name in silent if refuses(view, name)]
    if refusing:
        said = f"{joined(refusing)} {'refuses' if len(refusing) == 1 else 'refuse'} our connection"
        since = max(view.nodes[name].process_since for name in refusing)
        rest = NOT_NOTICED if now - since < NOTICING_US else "the others hold it alive"
        rest = rest if len(refusing) == 1 else rest.replace(" it ", " them ")
        return "warn", Clause(f"{said}; {rest}.", said)
    lives = view.casebook.lives
    lost = [name for name in silent if not lives.life(name).reachable]
    if lost:
        verb = "does" if len(lost) == 1 else "do"
        it = "it" if len(lost) == 1 else "them"
        said = f"{joined(lost)} {verb} not answer us"
        if all(view.nodes[name].reported_at for name in lost):
            said += " any more"
        return "warn", Clause(f"{said}; the others hold {it} alive.", said)
    heard = judged.observers
    who = f"{joined(heard)} {'holds' if len(heard) == 1 else 'hold'}"
    count = len(heard) + len(silent)
    verb, whose = ("was", "its address") if len(silent) == 1 else ("were", "their addresses")
    held = f"{who} all {count} alive"
    rest = f"{joined(silent)} {verb} not asked: add {whose}"
    return "good", Clause(f"{held}; {rest}.", f"{held}; {len(silent)} not asked")


def alone(view: ClusterView, name: NodeId) -> Clause:
    """One node, and nobody else that it knows of."""
    if telling(view) is None:
        return Clause(f"{name} is alone.", f"{name} is alone")
    said = f"{name} is connected to nobody"
    return Clause(f"{said}; whoever it lost is not known here.", said)
