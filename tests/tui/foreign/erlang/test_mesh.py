"""Who holds what of whom, from who is connected with whom."""

from __future__ import annotations

from cluster.model.member import MemberState, NodeId
from tui.sources.foreign.erlang.mesh import FORGOTTEN_S, JOINING_S, Listing, Mesh, components

A, B, C = (NodeId(f"{name}@h") for name in "abc")
ALIVE, DEAD = MemberState.ALIVE, MemberState.DEAD


def listing(*others: NodeId, apart: tuple[NodeId, ...] = (), everybody: bool = True) -> Listing:
    """What a node says: those connected, those it only knows."""
    return Listing(frozenset(others), frozenset(apart), everybody)


def states(mesh: Mesh, at: float, **said: Listing) -> dict[str, dict[str, MemberState]]:
    """Each row at one moment, without the node itself, by the first letter."""
    rows = mesh.opinions({NodeId(f"{name}@h"): each for name, each in said.items()}, at)
    for name, row in rows.items():
        assert row[name].state is ALIVE
    return {
        name[0]: {other[0]: opinion.state for other, opinion in row.items() if other != name}
        for name, row in rows.items()
    }


def test_whom_a_node_lists_is_alive_for_it() -> None:
    rows = states(Mesh(), 0, a=listing(B), b=listing(A))
    assert rows == {"a": {"b": ALIVE}, "b": {"a": ALIVE}}


def test_who_was_listed_and_is_no_more_is_gone_at_once() -> None:
    mesh = Mesh()
    states(mesh, 0, a=listing(B, C), b=listing(A, C), c=listing(A, B))
    rows = states(mesh, 0.25, a=listing(B), b=listing(A, C))
    assert rows == {"a": {"b": ALIVE, "c": DEAD}, "b": {"a": ALIVE, "c": ALIVE}}


def test_nodes_that_have_nothing_to_do_with_each_other_hold_nothing_of_each_other() -> None:
    mesh = Mesh((A, B, C))
    for at in (0, 1, 100):
        assert states(mesh, at, a=listing(), b=listing(), c=listing()) == {
            "a": {},
            "b": {},
            "c": {},
        }


def test_a_hole_in_a_mesh_is_seen_by_who_comes_later() -> None:
    rows = states(Mesh(), 0, a=listing(B), b=listing(A, C), c=listing(B))
    assert rows["a"] == {"b": ALIVE, "c": DEAD}
    assert rows["c"] == {"a": DEAD, "b": ALIVE}


def test_two_sides_that_know_each_other_by_name_are_a_split() -> None:
    rows = states(Mesh(), 0, a=listing(apart=(B, C)), b=listing(C, apart=(A,)), c=listing(B))
    assert rows == {"a": {"b": DEAD, "c": DEAD}, "b": {"a": DEAD, "c": ALIVE}, "c": {"b": ALIVE}}


def test_a_dead_node_that_was_named_is_gone_for_who_knows_it() -> None:
    rows = states(Mesh((A, C)), 0, a=listing(B, apart=(C,)), b=listing(A))
    assert rows == {"a": {"b": ALIVE, "c": DEAD}, "b": {"a": ALIVE}}


def test_a_newcomer_has_a_moment_to_be_linked_with_everybody() -> None:
    mesh = Mesh()
    states(mesh, 0, a=listing(B), b=listing(A))
    late = {"a": listing(B), "b": listing(A, C), "c": listing(B)}
    assert "c" not in states(mesh, 5, **late)["a"]
    assert "c" not in states(mesh, 5 + JOINING_S / 2, **late)["a"]
    assert states(mesh, 5 + JOINING_S, **late)["a"]["c"] is DEAD


def test_where_not_everybody_is_linked_nobody_is_missed() -> None:
    some = {"a": listing(B, apart=(C,), everybody=False), "b": listing(A, C), "c": listing(B)}
    assert states(Mesh(), 0, **some)["a"] == {"b": ALIVE}


def test_whom_nobody_listed_for_long_is_forgotten() -> None:
    mesh = Mesh()
    states(mesh, 0, a=listing(B, C), b=listing(A, C))
    assert states(mesh, 1, a=listing(B), b=listing(A))["a"]["c"] is DEAD
    assert mesh.knows(C)
    rows = states(mesh, 1 + FORGOTTEN_S, a=listing(B), b=listing(A))
    assert rows == {"a": {"b": ALIVE}, "b": {"a": ALIVE}}
    assert not mesh.knows(C)


def test_components_are_those_that_reach_each_other() -> None:
    parts = components({A: listing(B), C: listing()})
    assert parts == {A: frozenset((A, B)), B: frozenset((A, B)), C: frozenset((C,))}
