"""What a node remembers of failures: the facts that matter, bounded, and how many were forgotten."""

from __future__ import annotations

from cluster.model.facts import Fact, FactsLost, HintsDelivered, MessageSent, Payload
from cluster.model.member import NodeId
from cluster.runtime.record import Record

N1 = NodeId("n1")


def fact(seq: int, payload: Payload | None = None) -> Fact:
    return Fact(N1, 5, seq, seq * 10, seq * 10, payload or HintsDelivered(N1, seq, 0))


def test_what_is_read_is_what_was_said() -> None:
    record = Record(10)
    said = [fact(seq) for seq in range(1, 8)]
    for each in said:
        record.append(each)
    assert record.read() == said


def test_what_no_incident_needs_is_not_kept() -> None:
    record = Record(10)
    record.append(fact(1, MessageSent(1, N1, "ping", 40)))
    assert record.read() == []


def test_the_oldest_are_forgotten_and_counted() -> None:
    record = Record(4)
    for seq in range(1, 11):
        record.append(fact(seq))
    lost, *kept = record.read()
    assert lost.payload == FactsLost(6)
    assert lost.seq == 6
    assert [each.seq for each in kept] == [7, 8, 9, 10]
