"""A directory remembers what its cluster was founded as."""

from __future__ import annotations

from pathlib import Path

import pytest

from cluster.config import ArchitectureConfig
from cluster.lab.charter import drawn_up, kept
from cluster.lab.witness import LabError
from cluster.model.member import NodeId

N1, N2, N3 = NodeId("n1"), NodeId("n2"), NodeId("n3")


def test_a_new_directory_takes_what_is_wanted_and_keeps_it(tmp_path: Path) -> None:
    wanted = drawn_up("majority", (N1, N2, N3))
    assert kept(tmp_path, wanted) == wanted
    assert kept(tmp_path, wanted) == wanted


def test_more_nodes_on_a_later_start_do_not_become_voters(tmp_path: Path) -> None:
    founded = kept(tmp_path, drawn_up("majority", (N1, N2)))
    assert kept(tmp_path, drawn_up("majority", (N1, N2, N3))) == founded
    assert founded.founders == ("n1", "n2")


def test_another_architecture_on_the_same_disks_is_refused_by_name(tmp_path: Path) -> None:
    kept(tmp_path, drawn_up("failover", (N1, N2)))
    with pytest.raises(LabError, match=r"failover cluster, not a masterless one; .*--architecture"):
        kept(tmp_path, drawn_up("masterless", (N1, N2)))


def test_disks_from_before_there_were_architectures_are_masterless(tmp_path: Path) -> None:
    (tmp_path / "n1").mkdir()
    (tmp_path / "n1" / "data.mdb").write_bytes(b"")
    assert kept(tmp_path, drawn_up("masterless", (N1,))) == ArchitectureConfig()
    with pytest.raises(LabError, match="holds a masterless cluster"):
        kept(tmp_path, drawn_up("single", (N1,)))


def test_a_damaged_word_is_no_word(tmp_path: Path) -> None:
    kept(tmp_path, drawn_up("single", (N1,)))
    (tmp_path / "architecture.json").write_bytes(b'{"kind": "gossip"}')
    with pytest.raises(LabError, match="damaged"):
        kept(tmp_path, drawn_up("single", (N1,)))
