"""What is remembered of every node: the ground on which incidents stand."""

from __future__ import annotations

from cluster.model.casebook import Casebook, advance
from cluster.model.facts import Fact, FaultInjected
from cluster.model.fault import FaultKind
from tests.tui.story import N4, START
from tui.view import LAB


def test_a_rotten_record_explains_no_silence() -> None:
    # `sim --faults hell --seed 290`: it never heals, and an unnoticed cut waited for it for ever.
    def told(kind: FaultKind) -> Casebook:
        fault = FaultInjected(kind, N4)
        return advance(Casebook(), Fact(LAB, 1, 1, START, START, fault))

    assert told("rot").lives.fault_on(N4) is None
    assert told("isolate").lives.fault_on(N4) is not None
