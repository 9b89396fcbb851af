"""What is said of masters, as sentences without their node."""

from __future__ import annotations

from cluster.model.facts import (
    MasterChosen,
    ReignBegan,
    ReignEnded,
    TermRefused,
    WritesDiscarded,
)
from cluster.model.member import NodeId
from tui.judge.wording import Phrase, counted


def of_reigns(
    payload: MasterChosen | ReignBegan | ReignEnded | TermRefused | WritesDiscarded, node: NodeId
) -> Phrase:
    """Who is taken for the master, who acts as one, and what that cost."""
    match payload:
        case MasterChosen(master, term, why):
            said = f"follows {master}" if master else "knows no master"
            if master == node:
                said = "takes itself for the master"
            in_term = f" in term {term}" if term else ""
            return Phrase(f"{said}{in_term}: {why}", "plain" if master else "warn")
        case ReignBegan(term):
            return Phrase(f"is master now, term {term}", "good")
        case ReignEnded(term, why):
            return Phrase(f"is master no more (term {term}): {why}", "warn")
        case TermRefused(master, term, promised):
            return Phrase(f"refused a write of {master}: term {term} is over, it is {promised} now")
        case WritesDiscarded(count, master):
            writes = counted(count, "write")
            return Phrase(f"threw away {writes} it took as master, to copy {master}", "bad")
