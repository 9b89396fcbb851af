"""The verdict: what it says at each moment, that it fits, and that it never claims too much."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from cluster.model.facts import Fact, FactsLost, MemberChanged, WorkloadCounted
from cluster.model.member import MemberState, NodeId
from cluster.model.summary import RingTable
from tests.tui.story import (
    ALIVE,
    BACK,
    DEAD,
    END,
    KILLED,
    MS,
    N4,
    QUIET,
    RECOVERED,
    SECOND,
    SILENT,
    START,
    STARTED,
    SUSPECTED,
    Teller,
    lively,
    paused_story,
    removed_story,
    split_story,
    story,
    view_at,
)
from tui.fold import fold
from tui.judge.verdict import SHORT_MAX, TEXT_MAX, Tone, Verdict, verdict
from tui.view import LAB, ClusterView

Tell = Callable[[], tuple[Fact, ...]]
AT = START + 5 * SECOND

SAID: list[tuple[Tell, int, Tone, str]] = [
    (story, START + 60 * MS, "plain", "5 nodes are starting."),
    (story, START + 400 * MS, "plain", "3 of 5 nodes have joined, n4 n5 are still coming."),
    (story, START + 550 * MS, "plain", "5 nodes know each other, and settle on one ring."),
    (story, QUIET, "good", "5 nodes agree. Every key has 3 of 3 owners. 36 answers/s, "
     "worst 1 % takes 11 ms."),
    (story, SILENT, "warn", "n4 was killed 0.20 s ago. Nobody has noticed yet. "
     "41 of 64 partitions have 2 of 3 owners."),
    (story, SUSPECTED, "warn", "n4 was killed 0.42 s ago. 3 of 4 peers suspect it, "
     "n3 has not heard. 41 of 64 partitions have 2 of 3 owners."),
    (story, KILLED + 500 * MS, "warn", "n4 was killed 0.50 s ago. All 4 peers suspect it: dead in "
     "0.41 s unless it answers."),
    (story, KILLED + 1_010 * MS, "bad", "n4 was killed 1.0 s ago. 3 of 4 peers hold it dead, "
     "n5 has not heard. 41 of 64 partitions have 2 of 3 owners."),
    (story, DEAD, "bad", "n4 was killed 3.2 s ago, all 4 peers hold it dead. 60 hints wait at "
     "n1 n3 n5. 41 of 64 partitions have 2 of 3 owners."),
    (story, STARTED + 340 * MS, "warn", "n4 is coming back in a new life. 2 of 4 peers see it, "
     "n2 n5 have not heard. Every key has 3 of 3 owners."),
    (story, BACK, "warn", "n4 is back in a new life, all see it. 15 of 126 hints still to return, "
     "from n5. Every key has 3 of 3 owners."),
    (story, KILLED + 9 * SECOND, "good", "n4 is back: dead for all after 1.0 s, whole again after "
     "8.0 s, 126 hints returned. Every key has 3 of 3 owners."),
    (story, RECOVERED, "good", "n4 is back: dead for all after 1.0 s, whole again after 8.0 s, "
     "126 hints returned, no acknowledged answer lost."),
    (removed_story, KILLED + 9_600 * MS, "warn", "The ring goes on without n4 (killed 9.6 s ago). "
     "8 places rebuilt, n1 n2 n3 n5 fill 30 more places."),
    (removed_story, KILLED + 14 * SECOND, "warn", "The ring goes on without n4 (gone 14.0 s), "
     "38 places rebuilt elsewhere. Every key has 3 of 3 owners."),
    (paused_story, KILLED + SECOND, "warn", "n4 was paused 1.0 s ago. 3 of 4 peers suspect it, "
     "n3 has not heard. 41 of 64 partitions have 2 of 3 owners."),
    (paused_story, KILLED + 3 * SECOND, "good", "False alarm: n4 was paused for 2.1 s, answered "
     "before anyone held it dead. Every key has 3 of 3 owners."),
    (split_story, KILLED + 100 * MS, "warn", "n1 n2 and n3 n4 n5 are cut off from each other "
     "(0.10 s), nobody is accused. 5 nodes agree."),
    (split_story, KILLED + SECOND, "bad", "2 nodes are cut off from the rest: n1 suspect 1.0 s, "
     "n2 suspect 1.0 s. 16 of 64 partitions have 1 of 3 owners left."),
    (split_story, KILLED + 5 * SECOND, "bad", "The cluster is split for 5.0 s: n3 n4 n5 | n1 n2. "
     "Both sides still take writes (needs 2)."),
]  # fmt: skip


@pytest.mark.parametrize(
    ("tell", "at", "tone", "text"), SAID, ids=[f"{t.__name__}-{a - KILLED}" for t, a, _, _ in SAID]
)
def test_what_is_said(tell: Tell, at: int, tone: Tone, text: str) -> None:
    said = verdict(view_at(at, tell), at)
    assert said.text.startswith(text)
    assert said.tone == tone


def test_before_anything_is_heard() -> None:
    assert verdict(ClusterView(), START).text == "Nothing has been heard yet."


@pytest.mark.parametrize("tell", [story, removed_story, paused_story, split_story])
def test_it_always_fits_and_always_says_something(tell: Tell) -> None:
    facts = tell()
    view, index = ClusterView(), 0
    for at in range(START, facts[-1].at, 100 * MS):
        if START + 2 * SECOND < at < KILLED - SECOND:
            continue
        stop = index
        while stop < len(facts) and facts[stop].at <= at:
            stop += 1
        view, index = fold(view, facts[index:stop]), stop
        said = verdict(view, at)
        assert said.text
        assert said.short
        assert len(said.text) <= TEXT_MAX, said.text
        assert len(said.short) <= SHORT_MAX, said.short
        assert "\n" not in said.text
        assert "  " not in said.text


def test_within_takes_the_longest_that_fits() -> None:
    said = Verdict("a long sentence.", "good", "short")
    assert said.within(20) == "a long sentence."
    assert said.within(10) == "short"
    assert said.within(4) == "sho…"


# --- what must come first --------------------------------------------------------------------------


def counted(unreadable: int, audited: int, at: int = END) -> Fact:
    payload = WorkloadCounted(5_000, 0, 0, unreadable, audited, 500_000, 20, 20)
    return Fact(LAB, END, 1, at, at, payload)


@pytest.mark.parametrize("at", [QUIET, RECOVERED])
def test_loss_is_said_before_everything_else(at: int) -> None:
    said = verdict(fold(view_at(at), [counted(3, 4_000)]), at)
    assert said.text.startswith("Data loss: 3 of 4,000 acknowledged answers cannot be read.")
    assert said.short.startswith("LOST 3 of 4,000")
    assert said.tone == "bad"


@pytest.mark.parametrize("at", [DEAD, BACK])
def test_what_an_early_audit_missed_may_still_be_on_its_way(at: int) -> None:
    said = verdict(fold(view_at(at), [counted(3, 4_000, at)]), at)
    text = (
        "3 of 4,000 acknowledged answers could not be read 0.00 s ago, before all hints were back."
    )
    assert said.text.startswith(text)
    assert said.tone != "good"


def test_nothing_is_said_to_be_safe_before_it_was_read_back() -> None:
    before = view_at(KILLED + 10 * SECOND)
    assert "lost" not in verdict(before, KILLED + 10 * SECOND).text


def test_a_kill_that_nobody_told_of_is_a_silence() -> None:
    view = view_at(SUSPECTED)
    (incident,) = view.incidents
    nodes = {**view.nodes, N4: replace(view.nodes[N4], process="unknown")}
    untold = replace(view, incidents=(replace(incident, fault=""),), nodes=nodes)
    assert verdict(untold, SUSPECTED).text.startswith("n4 has been silent 0.42 s.")


def test_missed_facts_are_admitted() -> None:
    lost = Fact(NodeId("n1"), START + 1, 10**6, QUIET, 0, FactsLost(812))
    epoch = view_at(QUIET).nodes[NodeId("n1")].epoch
    view = fold(view_at(QUIET), [replace(lost, epoch=epoch)])
    assert "812 facts never reached this screen." in verdict(view, QUIET).text


# --- other states ----------------------------------------------------------------------------------


def test_when_no_node_reports_any_more_the_age_of_the_last_word_is_said() -> None:
    said = verdict(view_at(QUIET), QUIET + 12 * SECOND)
    assert said.text.startswith("No node reports any more: the last word is 12.")
    assert said.tone == "bad"


def test_a_closed_window_is_not_a_death() -> None:
    view = view_at(QUIET)
    nodes = {**view.nodes, N4: replace(view.nodes[N4], connected=False)}
    said = verdict(replace(view, nodes=nodes), QUIET)
    assert said.text.startswith("The others hold n4 alive, but its window does not answer us.")
    assert said.tone == "warn"


def test_a_node_that_hangs_its_reports_is_named() -> None:
    view = view_at(QUIET)
    nodes = {**view.nodes, N4: replace(view.nodes[N4], reported_at=QUIET - 5 * SECOND)}
    said = verdict(replace(view, nodes=nodes), QUIET)
    assert said.text.startswith("n4 does not report since 5.0 s, the others hold it alive.")


def test_news_on_its_way_is_a_disagreement_with_a_name() -> None:
    def left(teller: Teller) -> None:
        gone = teller.claim(N4, MemberState.LEFT)
        teller.say(N4, AT, MemberChanged(gone, ALIVE, "operator", N4))
        teller.spread(AT, gone, [(0, "n1", "n4"), (100, "n2", "n1"), (120, "n5", "n1")])

    facts = [f for f in lively(left) if f.at <= AT + 130 * MS]
    said = verdict(fold(ClusterView(), facts), AT + 130 * MS)
    assert said.text.startswith("3 of 4 views agree. n3 has not heard that n4 has left (0.13 s).")
    assert said.tone == "warn"


def test_two_failures_are_counted_and_the_worst_partition_named() -> None:
    def two(teller: Teller) -> None:
        teller.kill(N4, AT)
        teller.kill(NodeId("n2"), AT + 300 * MS)

    said = verdict(fold(ClusterView(), lively(two)), AT + SECOND)
    assert said.text.startswith("2 nodes are away: n4 silent 1.0 s, n2 silent 0.70 s.")
    assert "partitions have 1 of 3 owners left." in said.text
    assert said.tone == "bad"


def removed(teller: Teller, name: NodeId, at: int) -> None:
    others = [n for n in teller.names if n not in (name, *teller.down)]
    claim = teller.claim(name, MemberState.REMOVED, others[0])
    teller.spread(at, claim, [(i, n, "") for i, n in enumerate(others)])


def test_whoever_is_still_gone_is_named_and_nothing_is_green() -> None:
    n3 = NodeId("n3")

    def two(teller: Teller) -> None:
        teller.kill(n3, AT)
        removed(teller, n3, AT + SECOND)
        teller.beat(AT + 1_250 * MS, AT + 4 * SECOND)
        teller.kill(N4, AT + 4 * SECOND)
        removed(teller, N4, AT + 5 * SECOND)
        teller.beat(AT + 5_250 * MS, AT + 9 * SECOND)

    facts = lively(two)
    for at in range(AT + 2 * SECOND, AT + 40 * SECOND, SECOND):
        said = verdict(fold(ClusterView(), [f for f in facts if f.at <= at]), min(at, facts[-1].at))
        assert said.tone != "good", said.text
        assert "n3" in said.text, said.text
        assert "n3" in said.short, said.short
    last = verdict(fold(ClusterView(), facts), facts[-1].at)
    assert "n3 and n4" in last.text


def test_a_recovery_is_not_the_news_for_ever() -> None:
    ended = view_at(RECOVERED).incidents[-1].ended
    view = view_at(ended + 9 * SECOND)
    assert verdict(view, ended + 9 * SECOND).text.startswith("n4 is back")
    later = view_at(ended + 11 * SECOND)
    assert verdict(later, ended + 11 * SECOND).text.startswith("5 nodes agree.")
    n1 = view.nodes[NodeId("n1")]
    news = replace(n1.beliefs[N4], since=ended + SECOND)
    nodes = {**view.nodes, n1.name: replace(n1, beliefs={**n1.beliefs, N4: news})}
    assert "is back" not in verdict(replace(view, nodes=nodes), ended + 9 * SECOND).text


def test_every_key_is_said_to_lack_an_owner_only_where_every_partition_does() -> None:
    view = view_at(DEAD)
    assert "41 of 64 partitions have 2 of 3 owners." in verdict(view, DEAD).text
    n1 = view.nodes[NodeId("n1")]
    assert n1.ring is not None
    place = n1.ring.members.index(N4)
    others = [i for i in range(len(n1.ring.members)) if i != place][:2]
    owners = tuple((place, *others) for _ in n1.ring.owners)
    ring = replace(n1.ring, digest="all", owners=owners)
    nodes = {name: replace(node, ring=ring) for name, node in view.nodes.items()}
    said = verdict(replace(view, nodes=nodes), DEAD).text
    assert "Every key still has 2 of 3 owners." in said


def test_one_copy_of_each_key_is_its_owner_and_not_one_of_one() -> None:
    view = view_at(QUIET)
    nodes = {
        name: replace(node, write_quorum=1, read_quorum=1, ring=alone(node.ring))
        for name, node in view.nodes.items()
    }
    said = verdict(replace(view, nodes=nodes), QUIET)
    assert "Every key has its one owner." in said.text
    assert "1 of 1" not in said.text + said.short


def alone(ring: RingTable | None) -> RingTable | None:
    """The same ring with first owners only."""
    if ring is None:
        return None
    return replace(ring, replicas=1, owners=tuple(owners[:1] for owners in ring.owners))
