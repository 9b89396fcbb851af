"""Stories put on tapes, as a screen would: folded in small batches, in time."""

from __future__ import annotations

from collections.abc import Sequence

from cluster.model.facts import Fact
from tui.fold import fold
from tui.timeline.tape import TAPE_BYTES_MAX, TAPE_US, Tape
from tui.view import ClusterView

STEP_US = 33_000


def told(facts: Sequence[Fact], us: int = TAPE_US, bytes_max: int = TAPE_BYTES_MAX) -> Tape:
    """A tape that heard these, each within `STEP_US` of its making."""
    tape = Tape(us, bytes_max)
    view = ClusterView()
    start = 0
    while start < len(facts):
        end = start + 1
        heard = facts[start].at + STEP_US
        while end < len(facts) and facts[end].at <= heard:
            end += 1
        batch = facts[start:end]
        view = fold(view, batch)
        tape.add(batch, view, heard)
        start = end
    return tape
