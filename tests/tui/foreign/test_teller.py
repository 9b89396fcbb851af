"""What was seen of a foreign cluster becomes facts: first all of it, then what changed."""

from __future__ import annotations

from msgspec.structs import replace

from cluster.model.facts import MemberChanged, SnapshotTaken, SuspicionRaised, WindowClosed
from cluster.model.member import MemberState, NodeId
from tui.fold import fold
from tui.judge.agreement import agreement
from tui.judge.verdict import verdict
from tui.sources.foreign.seen import Look, Opinion, Overheard, Row
from tui.sources.foreign.teller import Teller
from tui.timeline.pack import pack, unpack
from tui.view import ClusterView

NAMES = tuple(NodeId(f"n{number}") for number in range(1, 4))
ALIVE, DEAD = MemberState.ALIVE, MemberState.DEAD


def look(at_s: float, held: dict[str, dict[str, MemberState]], *silent: str) -> Look:
    """Who holds what of whom; all that is not said is alive."""
    rows = {
        name: Row(
            name,
            {other: Opinion(held.get(name, {}).get(other, ALIVE)) for other in NAMES},
            engine="test",
        )
        for name in NAMES
        if name not in silent
    }
    return Look(int(at_s * 1e6), 250_000, rows, {NodeId(name): "no answer" for name in silent})


def test_the_first_look_is_everybodys_whole_state() -> None:
    facts = Teller(1).tell(look(1, {}))
    assert [type(fact.payload) for fact in facts] == [SnapshotTaken] * 3
    assert {fact.basis for fact in facts} == {"polled"}
    view = fold(ClusterView(), facts)
    assert verdict(view, 1_000_000).text == "3 nodes agree."
    assert all(node.ringless and node.ring is None for node in view.nodes.values())


def test_whatever_is_told_reads_back_from_a_recording() -> None:
    teller = Teller(1)
    facts = teller.tell(look(1, {}))
    facts += teller.tell(look(1.5, {"n1": {"n3": DEAD}}, "n2"))
    facts += teller.tell(look(3, {}))
    assert unpack(pack(facts, [fact.at for fact in facts])).facts == facts


def test_only_what_changed_is_told() -> None:
    teller = Teller(1)
    teller.tell(look(1, {}))
    assert teller.tell(look(1.25, {})) == []
    facts = teller.tell(look(1.5, {"n1": {"n3": DEAD}}))
    changes = [fact.payload for fact in facts if isinstance(fact.payload, MemberChanged)]
    assert [(c.claim.name, c.claim.state, c.old) for c in changes] == [("n3", DEAD, ALIVE)]


def test_who_falls_silent_is_said_once() -> None:
    teller = Teller(1)
    teller.tell(look(1, {}))
    (fact,) = teller.tell(look(1.5, {}, "n3"))
    assert fact.payload == WindowClosed(NodeId("n3"), "no answer", 1_000_000)
    assert teller.tell(look(1.75, {}, "n3")) == []
    again = teller.tell(look(2, {}))
    assert any(isinstance(f.payload, SnapshotTaken) and f.node == "n3" for f in again)


def test_who_has_not_heard_of_a_return_is_behind_and_not_of_another_opinion() -> None:
    teller = Teller(1)
    facts = teller.tell(look(1, {}))
    both = {"n1": {"n3": DEAD}, "n2": {"n3": DEAD}}
    facts += teller.tell(look(2, both, "n3"))
    facts += teller.tell(look(3, {"n2": {"n3": DEAD}}))
    view = fold(ClusterView(), facts)
    judged = agreement(view, 3_000_000)
    assert judged.subjects[NodeId("n3")].late == ("n2",)
    assert teller.incarnation(NodeId("n3")) == 1
    facts = teller.tell(look(4, {}))
    view = fold(view, facts)
    assert agreement(view, 4_000_000).all
    assert teller.incarnation(NodeId("n3")) == 1, "n2 heard of the same return"


def test_a_log_that_repeats_an_old_suspicion_is_not_believed() -> None:
    teller = Teller(1)
    teller.tell(look(1, {}))
    raised = SuspicionRaised(NodeId("n3"), 1, 0, NodeId("n1"), "silent", 0)
    word = Overheard(1_500_000, NodeId("n1"), raised, "inferred")
    fact = teller.overheard(word)
    assert fact is not None
    assert fact.basis == "inferred"
    teller.tell(look(2, {"n1": {"n3": DEAD}}))
    assert teller.overheard(word) is None


def test_who_holds_a_newborn_alive_holds_its_new_life_alive() -> None:
    def born(at_s: float, looked: Look) -> Look:
        rows = {
            name: replace(row, started_at=round(at_s * 1e6) if name == "n3" else 1_000_000)
            for name, row in looked.rows.items()
        }
        return replace(looked, rows=rows)

    teller = Teller(1)
    both = {"n1": {"n3": DEAD}, "n2": {"n3": DEAD}}
    facts = teller.tell(born(1, look(10, {})))
    facts += teller.tell(born(1, look(20, both, "n3")))
    facts += teller.tell(born(1, look(30, {}, "n3")))  # the others list it before it was asked
    facts += teller.tell(born(30, look(31, {})))
    assert teller.tell(born(30, look(31.25, {}))) == []
    facts += teller.tell(born(30, look(32, {})))
    view = fold(ClusterView(), facts)
    assert view.nodes[NodeId("n3")].epoch == 2
    assert agreement(view, 32_000_000).all


def test_who_was_never_heard_is_said_once_with_the_reason() -> None:
    teller = Teller(1)
    facts = teller.tell(look(1, {}, "n9"))
    assert facts[-1].payload == WindowClosed(NodeId("n9"), "no answer")
    view = fold(ClusterView(), facts)
    assert "n9" not in view.nodes
    assert view.events[-1].text == "no answer"
    assert teller.tell(look(1.25, {}, "n9")) == []
