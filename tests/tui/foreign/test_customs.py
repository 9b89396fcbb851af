"""Whatever others call themselves and whatever they say, what enters can be drawn and be kept."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cluster.model.facts import SnapshotTaken, SuspicionConfirmed, SuspicionRaised
from cluster.model.member import Address, MemberState, NodeId
from cluster.model.summary import RingTable, Rule
from tui.fold import fold
from tui.sources.foreign.customs import NAME_MAX, NUMBER_MAX, named, sentence
from tui.sources.foreign.seen import Look, Opinion, Overheard, Row
from tui.sources.foreign.teller import Teller
from tui.timeline.pack import pack, unpack
from tui.view import LAB, OBSERVER, ClusterView

ALIVE = MemberState.ALIVE
WILD = (
    "\x1b]0;pwned\x07\x1b[2Jz@127.0.0.1",
    "\u202eabc",
    "l\n1",
    "\x9b31m",
    "a,b:dead",
    "observer",
    "lab",
    "x" * 5_000,
    "é" * 60,
    "\ud800",
    "a\n",
    "..",
)


def row_of(name: str) -> Row:
    """A row of nonsense: everything that can be named is named so, all numbers are too large."""
    node, address = NodeId(name), Address(f"{name}:1")
    opinions = {node: Opinion(ALIVE, address), NodeId("b"): Opinion(MemberState.SUSPECT)}
    table = RingTable("0", (node,), 1, 1, ((0,),))
    large = {node: 10**21, NodeId("b"): -(10**21)}
    return Row(
        name=node,
        opinions=opinions,
        window=address,
        engine=f"redis {name}",
        started_at=-(10**23),
        health=2**70,
        heard=large,
        ring=table,
        rule=Rule(node, 2**64, leads=True),
        reports=large,
        keys=300 * 10**18,
        operations_per_s=float("inf"),
        lag_us=2**64,
        resident_bytes=2**8000,
        round_trips=large,
        extras=((name, name),) * 1_000,
    )


def test_names_that_are_none_become_names_and_stay_apart() -> None:
    found = [named(name) for name in WILD]
    assert len(set(found)) == len(WILD)
    assert not {OBSERVER, LAB, *WILD} & {*found} - {NodeId("..")}
    assert all(len(name) <= NAME_MAX and name.isascii() and name.isprintable() for name in found)
    assert named("app_1@10-0-0-1.svc.local") == "app_1@10-0-0-1.svc.local"
    assert named("a b") != named("a-b")


def test_whatever_nodes_say_of_themselves_is_drawn_and_kept() -> None:
    for name in WILD:
        teller = Teller(1)
        rows = {NodeId(name): row_of(name)}
        facts = teller.tell(Look(1_000_000, 250_000, rows, {NodeId("\x1b[2J"): f"no {name}"}))
        facts += teller.tell(Look(3_000_000, 250_000, rows, {NodeId("127.0.0.1:7"): f"no {name}"}))
        raised = SuspicionRaised(NodeId("b"), 1, 0, NodeId(name), "silent", 0)
        facts += filter(
            None, [teller.overheard(Overheard(3_100_000, NodeId(name), raised, "inferred"))]
        )
        kept = unpack(pack(facts, [fact.at for fact in facts])).facts
        assert kept == facts, name
        view = fold(ClusterView(), facts)
        assert {*view.nodes} == {named(name), "b"}
        assert {*view.nodes[named(name)].beliefs} == {"b"}
        assert all(event.text.isprintable() for event in view.events), name


def test_a_row_that_has_no_name_is_left_out_and_harms_nobody() -> None:
    rows = {NodeId(name): row_of(name) for name in ("", "n1")}
    facts = Teller(1).tell(Look(1, 1, rows))
    assert {fact.node for fact in facts} == {"n1"}


def test_numbers_stay_within_what_a_file_can_hold() -> None:
    (fact, *_) = Teller(1).tell(Look(9, 1, {NodeId("n1"): row_of("n1")}))
    assert isinstance(fact.payload, SnapshotTaken)
    assert (fact.payload.keys, fact.payload.started_at) == (NUMBER_MAX, 9)


def test_what_is_overheard_of_a_wild_name_is_said_of_the_same_node() -> None:
    teller = Teller(1)
    wild = NodeId("\x1b[2J")
    held = {NodeId("n1"): Opinion(ALIVE), wild: Opinion(MemberState.SUSPECT)}
    teller.tell(Look(1, 1, {NodeId("n1"): Row(NodeId("n1"), held)}))
    confirmed = SuspicionConfirmed(wild, NodeId(""), 1, 0)
    fact = teller.overheard(Overheard(2, NodeId("n1"), confirmed, "inferred"))
    assert fact is not None
    assert fact.payload == SuspicionConfirmed(named(wild), NodeId(""), 1, 0)


@given(st.text(st.characters(), max_size=400))
def test_no_sentence_holds_what_a_terminal_would_obey(text: str) -> None:
    said = sentence(text)
    assert said.isprintable()
    assert len(said) <= 300
    said.encode()


@given(st.text(st.characters(), min_size=1, max_size=400))
def test_every_name_is_named_the_same_each_time(text: str) -> None:
    assert named(named(text)) == named(text) == named(text)
