"""What a node says of the faults in its own transport: each line tells that fault and no other."""

from __future__ import annotations

import pytest

from cluster.model.casebook import Casebook
from cluster.model.facts import Fact, FaultInjected
from cluster.model.fault import FaultKind
from cluster.model.member import NodeId
from tui.judge.phrases import of_witness

N1, N2, N3 = NodeId("n1"), NodeId("n2"), NodeId("n3")
ALL = "cut from n2; 11% loss with everyone; 20% loss with n3; 300 ms delay to everyone"


@pytest.mark.parametrize(
    ("kind", "peers", "detail", "line"),
    [
        ("loss", (), "11% loss with everyone", "loses packets: 11 % with everyone"),
        ("loss", (N3,), ALL, "loses packets: 11 % with everyone, 20 % with n3"),
        ("loss", (N2,), "", "loses packets with n2"),
        ("delay", (), ALL, "sends late: 300 ms to everyone"),
        ("delay", (), "", "sends late to everyone"),
        ("cut", (N2,), ALL, "is cut off from n2"),
    ],
)
def test_a_node_tells_of_its_own_fault_in_one_short_line(
    kind: FaultKind, peers: tuple[NodeId, ...], detail: str, line: str
) -> None:
    payload = FaultInjected(kind, N1, peers, detail)
    phrase = of_witness(Fact(N1, 1, 1, 1, 1, payload), payload, Casebook(), -1, 0)
    assert phrase is not None
    assert phrase.text == line
