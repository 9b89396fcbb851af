"""Screens of Erlang nodes: names with hosts are told apart, and nobody is drawn as suspecting."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from cluster.model.member import Address, MemberState, NodeId
from cluster.model.summary import Telling
from tests.tui.picture import assert_golden
from tests.tui.story import START
from tui.draw.frame import Frame
from tui.fold import fold
from tui.judge.verdict import verdict
from tui.scene import Scene
from tui.screens import events, home, matrix, recovery
from tui.screens.detail import node as node_screen
from tui.sources.foreign.erlang.portrait import Place, Said, extras
from tui.sources.foreign.seen import Look, Opinion, Row
from tui.sources.foreign.teller import Teller
from tui.text.status import status, status_text
from tui.view import ClusterView

NAMES = tuple(NodeId(f"shop{number}@10.0.0.5") for number in range(1, 4))
LOST = NAMES[2]
SIZES = ((120, 36), (80, 24))
TELLING = Telling("Erlang", 250_000, ("memory", "uptime"), suspects=False)
SAID = Said(
    run_queue=2,
    processes=1_204,
    processes_max=262_144,
    schedulers=8,
    memory={"total": 41_000_000, "processes": 12_000_000, "binary": 800_000, "ets": 1_900_000},
    registered=44,
    queues={"rex": 0, "shop_orders": 31},
    tick_s=60,
    release="25",
    version="13.1.5",
    names=(Place("leader", 1, 1),),
    names_all=1,
    applications={"elixir": "1.14.0", "libcluster": "3.3.1"},
)


def row(name: NodeId, *, lost: bool) -> Row:
    """What one node says."""
    opinions = {
        other: Opinion(MemberState.DEAD if lost and other == LOST else MemberState.ALIVE)
        for other in NAMES
    }
    opinions[name] = Opinion(MemberState.ALIVE, Address("10.0.0.5:39001"))
    return Row(
        name=name,
        opinions=opinions,
        engine="Erlang/OTP 25 (erts 13.1.5)",
        started_at=START - 90_000_000,
        resident_bytes=41_000_000,
        extras=extras(SAID),
    )


def scene() -> Scene:
    """Six seconds, the last node killed in the third."""
    teller, view = Teller(START // 1_000), ClusterView()
    for tick in range(24):
        lost = tick >= 12
        rows = {name: row(name, lost=lost) for name in NAMES if not (lost and name == LOST)}
        silent = {LOST: f"{LOST} hung up"} if lost else {}
        looked = Look(START + tick * 250_000, 250_000, rows, silent, TELLING)
        view = fold(view, teller.tell(looked))
    return Scene(view, view.at, source=f"erlang://{NAMES[0]}", selected=NAMES[0])


def said(frame: Frame) -> list[str]:
    """Its lines."""
    return ["".join(chars) for chars in frame.chars]


@pytest.mark.parametrize("size", SIZES)
def test_recovery_of_an_erlang_node_has_no_suspicion(size: tuple[int, int]) -> None:
    frame = recovery.paint(scene(), *size)
    assert any("times ± 0.25 s; it suspects nobody" in line for line in said(frame))
    assert not any("2 suspect" in line for line in said(frame))
    assert_golden(f"foreign-erlang-recovery-{size[0]}x{size[1]}", frame)


@pytest.mark.parametrize("size", SIZES)
def test_names_of_one_host_head_the_matrix_without_it(size: tuple[int, int]) -> None:
    lines = said(matrix.paint(scene(), *size))
    head = next(line for line in lines if "agrees" in line)
    assert ("shop1" if size[0] >= 100 else "hop1") in head
    assert "0.5" not in head


@pytest.mark.parametrize("size", SIZES)
def test_home_names_nodes_by_what_tells_them_apart(size: tuple[int, int]) -> None:
    lines = said(home.paint(scene(), *size))
    row = next(line for line in lines if "shop1 " in line and "run queue" in line)
    assert "@" not in row


def test_the_log_names_nodes_without_their_host() -> None:
    lines = said(events.paint(scene(), 120, 36))
    assert any("shop1     holds shop3@10.0.0.5 dead" in line for line in lines)
    assert any("shop3@10.0.0.5 hung up" in line for line in lines)


@pytest.mark.parametrize("size", SIZES)
def test_a_node_shows_what_it_told_of_itself(size: tuple[int, int]) -> None:
    assert_golden(f"foreign-erlang-node-{size[0]}x{size[1]}", node_screen.paint(scene(), *size))


def test_nodes_that_know_nothing_of_each_other_do_not_agree() -> None:
    rows = {
        name: replace(row(name, lost=False), opinions={name: Opinion(MemberState.ALIVE)})
        for name in NAMES
    }
    looked = Look(START, 250_000, rows, {}, TELLING)
    view = fold(ClusterView(), Teller(START // 1_000).tell(looked))
    assert verdict(view, START).text == "3 nodes are up, and none knows of another."
    assert not status(view, START).fine


def test_status_has_no_columns_of_what_erlang_does_not_tell() -> None:
    shown = scene()
    document = status(shown.view, shown.now)
    head, *lines = status_text(document)[1:]
    assert head.split() == ["node", "state", "seen", "by", "says"]
    assert lines[0].endswith("run queue 2, processes 1,204, longest queue 31 at shop_orders")
    assert document.nodes[0].keys is None
    assert document.nodes[0].says["Elixir"] == "1.14.0"
    assert document.verdict.count(LOST) == 1, "who is gone is named once"
