"""A cluster of one node keeps what one node can keep."""

from __future__ import annotations

import pytest

from cluster.lab.nodes import copies_for
from cluster.lab.processes import NodeStart
from cluster.model.member import Address, NodeId


@pytest.mark.parametrize(("nodes", "copies"), [(1, 1), (2, 3), (3, 3), (5, 3)])
def test_one_node_is_told_to_keep_one_copy_so_that_it_confirms_its_writes_alone(
    nodes: int, copies: int
) -> None:
    here = Address("127.0.0.1:1")
    start = NodeStart(
        NodeId("n1"), "data", "lab", "demo", here, here, replicas=copies_for(nodes)
    ).command()
    told = int(start[start.index("--replicas") + 1]) if "--replicas" in start else 3
    assert told == copies
