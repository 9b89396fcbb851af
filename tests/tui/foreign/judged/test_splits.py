"""Nodes of another maker that parted: whoever answers us is alive, whatever the others hold of it."""

from __future__ import annotations

from cluster.model.member import MemberState, NodeId
from cluster.model.summary import Telling
from tui.fold import fold
from tui.judge.agreement import agreement
from tui.judge.standing import standings
from tui.judge.verdict import verdict
from tui.scene import Scene
from tui.screens.pieces.forecast import claims
from tui.sources.foreign.seen import Look, Opinion, Row
from tui.sources.foreign.teller import Teller
from tui.text.status import status
from tui.view import ClusterView

A, B, C = NAMES = tuple(NodeId(f"{name}@127.0.0.1") for name in "abc")
Links = set[frozenset[NodeId]]
WHOLE: Links = {frozenset((A, B)), frozenset((A, C)), frozenset((B, C))}
PARTED: Links = set()
HALVES: Links = {frozenset((B, C))}
TELLING = Telling("Erlang", 250_000, ("memory",), suspects=False)


class Parting:
    """Looks at three nodes that all answer; each holds dead whom it is not linked with."""

    def __init__(self, names: tuple[NodeId, ...] = NAMES) -> None:
        self.names = dict(zip(NAMES, names, strict=True))
        self.teller = Teller(1)
        self.view = ClusterView()
        self.at = 10_000_000

    def live(self, links: Links, seconds: float = 5) -> Scene:
        """So long they are linked so."""
        called = self.names
        for _ in range(int(seconds * 4)):
            self.at += 250_000
            rows = {
                called[name]: Row(
                    called[name],
                    {
                        called[other]: Opinion(
                            MemberState.ALIVE
                            if other == name or frozenset((name, other)) in links
                            else MemberState.DEAD
                        )
                        for other in NAMES
                    },
                )
                for name in NAMES
            }
            looked = Look(self.at, 250_000, rows, {}, TELLING)
            self.view = fold(self.view, self.teller.tell(looked))
        return Scene(self.view, self.at)


def agreed(scene: Scene) -> tuple[str, str]:
    """The claim that live nodes agree: its mark and its figure."""
    (claim,) = (each for each in claims(scene) if "agree" in each.text)
    return claim.mark, claim.figure


def test_nodes_that_all_parted_are_split_and_none_is_dead() -> None:
    parting = Parting()
    parting.live(WHOLE)
    scene = parting.live(PARTED)
    said = verdict(scene.view, scene.now)
    assert said.text == (
        "The cluster is split for 4.8 s: a@127.0.0.1 | b@127.0.0.1 | c@127.0.0.1, "
        "all of them answer us."
    )
    assert said.tone == "bad"
    assert {each.word for each in standings(scene.view, scene.now).values()} == {"alive"}
    document = status(scene.view, scene.now)
    assert not document.fine
    assert not document.agree


def test_of_a_split_that_was_there_before_us_nobody_says_since_when() -> None:
    scene = Parting().live(HALVES, 2)
    assert verdict(scene.view, scene.now).text == (
        "The cluster is split: b@127.0.0.1 c@127.0.0.1 | a@127.0.0.1, all of them answer us."
    )


def test_nodes_that_all_parted_agree_on_nothing_and_that_takes_its_time() -> None:
    parting = Parting()
    assert agreed(parting.live(WHOLE)) == ("yes", "3 of 3 views")
    scene = parting.live(PARTED)
    assert agreed(scene) == ("no", "3 sides: 1 | 1 | 1")
    (standing,) = scene.view.disagreements
    assert not standing.ended
    assert standing.text == "the cluster is split"
    (over,) = parting.live(WHOLE).view.disagreements
    assert over.ended - over.began == 5_000_000


def test_who_is_alone_beside_two_that_are_linked_is_on_its_side_and_not_gone() -> None:
    parting = Parting()
    parting.live(WHOLE)
    parting.live(PARTED)
    scene = parting.live(HALVES)
    said = verdict(scene.view, scene.now)
    assert said.text == (
        "The cluster is split for 9.8 s: b@127.0.0.1 c@127.0.0.1 | a@127.0.0.1, "
        "all of them answer us."
    )
    assert "gone" not in said.short
    assert agreed(scene) == ("no", "2 sides: 2 | 1")
    assert agreement(scene.view, scene.now).state(A) is MemberState.ALIVE
    assert verdict(parting.live(WHOLE, 20).view, parting.at).text == "3 nodes agree."


def test_long_names_of_a_split_are_cut_to_what_tells_them_apart() -> None:
    names = tuple(NodeId(f"{name}@10.20.30.40-behind-a-long-name.example") for name in "abc")
    parting = Parting(names)
    parting.live(WHOLE)
    scene = parting.live(PARTED)
    said = verdict(scene.view, scene.now)
    assert said.text == "The cluster is split for 4.8 s: a | b | c, all of them answer us."
    assert "gone" not in status(scene.view, scene.now).verdict
