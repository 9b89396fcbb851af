"""Stories of the five architectures: what each promises, and what breaks it."""

from __future__ import annotations

import pytest

from cluster.config import ArchitectureName
from cluster.model.facts import (
    MasterChosen,
    ReignBegan,
    ReignEnded,
    TermRefused,
    WritesDiscarded,
)
from cluster.model.member import NodeId
from cluster.model.values.typed import typed
from cluster.model.values.update import CounterAdd
from cluster.protocol.effects import Response
from cluster.protocol.messages import (
    DeleteRequest,
    GetRequest,
    PutRequest,
    ReadResponse,
    Refusal,
    UpdateRequest,
    WriteResponse,
)
from tests.architectures.mastered import FOUNDERS, Mastered

KINDS: tuple[ArchitectureName, ...] = ("single", "primary", "failover", "majority", "masterless")


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_written_through_any_node_is_read_through_any_other(kind: ArchitectureName) -> None:
    them = Mastered(kind)
    for number, name in enumerate(FOUNDERS):
        assert them.put(name, f"k{number}", f"v{number}") == "ok"
    for number in range(5):
        assert {them.get(name, f"k{number}") for name in FOUNDERS} == {f"v{number}"}


@pytest.mark.parametrize("kind", KINDS)
def test_a_counter_counts_and_a_deleted_key_is_absent(kind: ArchitectureName) -> None:
    them = Mastered(kind)
    for name in FOUNDERS:
        answer = them.ask(name, UpdateRequest(b"votes", CounterAdd(2)))
        assert isinstance(answer, WriteResponse)
        assert answer.outcome == "ok"
    counted = them.ask("n4", GetRequest(b"votes"))
    assert isinstance(counted, ReadResponse)
    assert typed(counted.versions) == ("counter", 10)
    assert them.put("n2", "gone", "soon") == "ok"
    read = them.ask("n3", GetRequest(b"gone"))
    assert isinstance(read, ReadResponse)
    deleted = them.ask("n3", DeleteRequest(b"gone", read.versions.context))
    assert isinstance(deleted, WriteResponse)
    assert {them.get(name, "gone") for name in FOUNDERS} == {""}


@pytest.mark.parametrize("kind", KINDS[:4])
def test_a_quorum_of_the_clients_choice_is_refused_where_the_architecture_chooses(
    kind: ArchitectureName,
) -> None:
    answer = Mastered(kind).ask("n2", PutRequest(b"k", b"v", w=2))
    assert isinstance(answer, Refusal)
    assert (answer.status, answer.error) == (400, "quorum fixed")


# --- single and primary --------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["single", "primary"])
def test_without_its_fixed_master_a_cluster_of_four_live_nodes_does_nothing(
    kind: ArchitectureName,
) -> None:
    them = Mastered(kind)
    assert them.put("n3", "k", "v") == "ok"
    them.world.kill("n1")
    them.wait(2)
    for name in FOUNDERS[1:]:
        assert them.put(name, "k", "w") == "no master"
        assert them.get(name, "k") == "!no master"
    them.start("n1")
    them.wait(3)
    assert them.get("n4", "k") == "v"


def test_what_the_lost_master_was_asked_is_in_doubt_and_what_it_was_not_is_refused() -> None:
    them = Mastered("single")
    box: list[Response | None] = []
    them.world.ask("n2", PutRequest(b"k", b"v"), box.append)
    them.world.kill("n1")
    assert them.until(lambda: bool(box))
    answer = box[0]
    assert isinstance(answer, WriteResponse)
    assert answer.outcome == "maybe written"
    them.wait(2)
    refused = them.ask("n2", PutRequest(b"k", b"v"))
    assert isinstance(refused, Refusal)
    assert refused.detail == "not written: the master, n1, is believed dead"


def test_a_bounded_mailbox_refuses_what_has_no_room_and_answers_the_rest() -> None:
    them = Mastered("primary", queue_max=8)
    answers: list[Response | None] = []
    for number in range(50):
        them.world.ask("n1", PutRequest(b"k%d" % number, b"v"), answers.append)
    assert them.node("n1").policy.queued() == 8
    assert them.until(lambda: len(answers) == 50)
    refused = [a for a in answers if isinstance(a, Refusal)]
    assert len(refused) == 50 - 9
    assert {r.error for r in refused} == {"overload"}
    assert sum(isinstance(a, WriteResponse) and a.outcome == "ok" for a in answers) == 9


def test_an_unbounded_mailbox_works_on_for_clients_that_have_gone() -> None:
    them = Mastered("primary", queue_max=0)
    answers: list[Response | None] = []
    for number in range(3_000):
        them.world.ask("n1", PutRequest(b"k%d" % number, b"v"), answers.append)
    assert them.until(lambda: len(answers) == 3_000)
    late = [a for a in answers if isinstance(a, WriteResponse) and a.outcome == "maybe written"]
    assert late
    waiting = them.node("n1").policy.queued()
    assert waiting >= len(late) - 2
    assert them.until(lambda: not them.node("n1").policy.queued(), 60)
    them.wait(1)
    assert them.get("n2", "k2999") == "v"


def test_a_dead_workers_share_goes_to_others_and_nearly_everything_moves() -> None:
    them = Mastered("primary")
    for number in range(40):
        assert them.put("n1", f"k{number}", f"v{number}") == "ok"
    before = them.node("n1").placement.ring
    them.world.kill("n3")
    assert them.until(lambda: "n3" not in them.node("n1").placement.ring.members, 4)
    after = them.node("n1").placement.ring
    moved = sum(a != b for a, b in zip(before.owners, after.owners, strict=True))
    assert moved > after.partitions / 2
    them.wait(3)
    lost = {p for p, owners in enumerate(before.owners) if owners == ("n3",)}
    for number in range(40):
        key = f"k{number}"
        found = them.get("n4", key)
        held_by_n3 = found == ""
        assert held_by_n3 or found == f"v{number}"
    assert lost
    them.start("n3")
    assert them.until(lambda: "n3" in them.node("n1").placement.ring.members)
    assert them.until(lambda: all(them.get("n4", f"k{i}") == f"v{i}" for i in range(40)), 30)


# --- failover ------------------------------------------------------------------------------------


def test_the_next_name_takes_over_from_a_dead_master_and_keeps_what_it_had_sent() -> None:
    them = Mastered("failover")
    assert them.put("n4", "k", "v") == "ok"
    them.wait(0.1)
    them.world.kill("n1")
    assert them.until(lambda: them.rule("n5").master == "n2", 4)
    assert them.get("n5", "k") == "v"
    assert them.put("n5", "k", "w") == "ok"
    them.start("n1")
    them.wait(2)
    assert them.masters() == ["n2"], "who comes back follows whoever is there"
    assert them.get("n1", "k") == "w"
    assert not them.told(WritesDiscarded)


def test_a_paused_master_comes_back_as_a_second_one_and_the_others_writes_are_thrown_away() -> None:
    them = Mastered("failover")
    them.world.pause("n1")
    assert them.until(lambda: them.rule("n3").master == "n2", 6)
    for number in range(10):
        assert them.put("n3", f"k{number}", "acknowledged") == "ok"
    them.world.resume("n1")
    assert them.until(lambda: them.masters() == ["n1"], 4)
    them.wait(1)
    assert [them.get("n4", f"k{number}") for number in range(10)] == [""] * 10
    discarded = them.told(WritesDiscarded)
    assert [(f.node, f.payload.count, f.payload.master) for f in discarded] == [("n2", 10, "n1")]  # type: ignore[union-attr]


def test_a_split_makes_two_masters_and_a_heal_loses_what_one_of_them_acknowledged() -> None:
    them = Mastered("failover")
    assert them.put("n1", "before", "v") == "ok"
    them.cut("n1", "n2")
    assert them.until(lambda: them.masters() == ["n1", "n3"], 10)
    assert them.put("n2", "here", "v") == "ok"
    assert them.put("n5", "there", "v") == "ok"
    them.heal()
    assert them.until(lambda: them.masters() == ["n1"])
    them.wait(2)
    assert [them.get("n4", key) for key in ("before", "here", "there")] == ["v", "v", ""]
    copies = [them.copies(name) for name in FOUNDERS]
    assert all(copy == copies[0] for copy in copies)
    ended = [fact for fact in them.told(ReignEnded) if fact.node == "n3"]
    assert len(ended) == 1


def test_a_follower_that_missed_writes_copies_everything() -> None:
    them = Mastered("failover")
    network = them.world.network
    network.cut(NodeId("n1"), NodeId("n4"))
    for number in range(5):
        assert them.put("n1", f"k{number}", "v") == "ok"
    network.heal()
    assert them.until(lambda: them.copies("n4") == them.copies("n1"), 3)


def test_a_paused_follower_does_not_mistake_its_own_sleep_for_the_masters_silence() -> None:
    them = Mastered("failover")
    them.world.pause("n2")
    them.wait(2)
    them.world.resume("n2")
    them.wait(2)
    assert them.masters() == ["n1"]
    assert len(them.told(ReignBegan)) == 1


# --- majority ------------------------------------------------------------------------------------


def test_the_side_without_a_majority_accepts_nothing_and_nothing_is_lost() -> None:
    them = Mastered("majority")
    assert them.masters() == ["n1"]
    assert them.put("n5", "k", "before") == "ok"
    them.cut("n1", "n2")
    assert them.until(lambda: them.masters() == ["n3"] or len(them.masters()) == 1, 6)
    assert them.until(lambda: them.masters() != ["n1"] and len(them.masters()) == 1, 6)
    master = them.masters()[0]
    assert master in ("n3", "n4", "n5")
    for name in ("n1", "n2"):
        assert them.put(name, "k", "minority") in ("no master", "not the master")
    assert them.put("n4", "k", "majority") == "ok"
    them.heal()
    them.wait(3)
    assert {them.get(name, "k") for name in FOUNDERS} == {"majority"}
    copies = [them.copies(name) for name in FOUNDERS]
    assert all(copy == copies[0] for copy in copies)


def test_a_paused_master_that_wakes_is_refused_because_its_term_is_over() -> None:
    them = Mastered("majority")
    answers: list[Response | None] = []
    them.world.pause("n1")
    them.world.ask("n1", PutRequest(b"k", b"stale"), answers.append)
    assert them.until(lambda: bool(them.masters()), 6)
    assert them.put(them.masters()[0], "k", "new") == "ok"
    them.world.resume("n1")
    assert them.until(lambda: bool(answers))
    assert not (isinstance(answers[0], WriteResponse) and answers[0].outcome == "ok")
    them.wait(2)
    assert them.get("n1", "k") == "new"
    assert len(them.masters()) == 1


def test_a_stale_write_is_refused_by_every_follower_and_told() -> None:
    for seed in range(1, 12):
        them = Mastered("majority", seed)
        assert them.put("n1", "k", "old") == "ok"
        them.world.pause("n1")
        them.world.ask("n1", PutRequest(b"k", b"stale"), lambda _answer: None)
        assert them.until(lambda them=them: bool(them.masters()), 6)
        them.wait(0.5)
        them.world.resume("n1")
        them.wait(1)
        if them.told(TermRefused):
            refused = them.told(TermRefused)[0].payload
            assert isinstance(refused, TermRefused)
            assert (refused.master, refused.term) == ("n1", 1)
            assert refused.promised > 1
            assert them.get("n3", "k") == "old"
            return
    pytest.fail("no seed let the old master write before it heard of its successor")


def test_two_of_five_voters_may_die_and_three_may_not() -> None:
    them = Mastered("majority")
    assert them.put("n1", "k", "v") == "ok"
    them.world.kill("n1")
    them.world.kill("n2")
    assert them.until(lambda: len(them.masters()) == 1, 6)
    assert them.get("n4", "k") == "v"
    assert them.put("n4", "k", "w") == "ok"
    them.world.kill("n3")
    them.wait(3)
    assert them.masters() == []
    assert them.put("n4", "k", "x") == "no master"
    for name in ("n1", "n2", "n3"):
        them.start(name)
    assert them.until(lambda: len(them.masters()) == 1)
    assert them.get("n1", "k") == "w"


def test_a_write_that_reached_one_follower_only_is_settled_one_way_by_the_next_master() -> None:
    them = Mastered("majority")
    network = them.world.network
    for name in ("n3", "n4", "n5"):
        network.cut(NodeId("n1"), NodeId(name))
    answers: list[Response | None] = []
    them.world.ask("n1", PutRequest(b"k", b"half"), answers.append)
    them.wait(0.05)
    assert b"k" in them.copies("n2")
    them.world.kill("n1", silent=True)
    network.heal()
    assert them.until(lambda: len(them.masters()) == 1, 8)
    first = them.get("n3", "k")
    assert first in ("", "half")
    them.start("n1")
    them.wait(3)
    them.world.kill(them.masters()[0])
    assert them.until(lambda: len(them.masters()) == 1, 8)
    running = [name for name in FOUNDERS if them.world.host(name).running]
    assert {them.get(name, "k") for name in running} == {first}


def test_a_member_that_joined_later_holds_everything_and_has_no_vote() -> None:
    them = Mastered("majority")
    assert them.put("n2", "k", "v") == "ok"
    them.start("n6")
    assert them.until(lambda: them.copies("n6") == them.copies("n1"), 5)
    assert them.put("n6", "k", "w") == "ok"
    for name in ("n1", "n2", "n3"):
        them.world.kill(name)
    them.wait(4)
    assert them.masters() == []
    assert them.put("n6", "k", "x") == "no master"


def test_a_voter_whose_disk_was_lost_has_no_vote_before_it_has_copied_a_master() -> None:
    them = Mastered("majority")
    assert them.put("n2", "k", "v") == "ok"
    for name in ("n3", "n4", "n5"):
        them.world.kill(name)
    them.wait(3)
    assert them.masters() == []
    for name in ("n3", "n4"):
        them.world.wipe(name)
        them.start(name)
    them.wait(6)
    # n1, n2 and two that know nothing run: with n5 gone, their four are no majority that knows.
    assert them.masters() == []
    them.start("n5")
    assert them.until(lambda: len(them.masters()) == 1, 8)
    assert them.get("n4", "k") == "v"
    assert them.until(lambda: them.copies("n3") == them.copies("n1"), 5)
    them.world.kill("n5")
    them.world.kill("n1")
    assert them.until(lambda: len(them.masters()) == 1 and them.get("n3", "k") == "v", 10)


@pytest.mark.parametrize("name", ["n1", "n3"])
def test_a_damaged_record_is_never_answered_as_absent_and_comes_back(name: str) -> None:
    them = Mastered("majority")
    for number in range(6):
        assert them.put("n2", f"k{number}", "v") == "ok"
    disk = them.world.host(name).disk
    for partition, key in disk.places():
        disk.rot(partition, key)
    answers = [them.get("n4", f"k{number}") for number in range(6)]
    assert set(answers) <= {"v", "!no master", "!not the master", "!no answer"}
    assert them.until(lambda: [them.get("n4", f"k{i}") for i in range(6)] == ["v"] * 6, 20)
    counted = UpdateRequest(b"k0", CounterAdd(1))
    assert isinstance(them.ask("n4", counted), Refusal), "a plain value is there, and is not lost"
    if name == "n1":  # a follower's damage is found when somebody reads it
        assert them.until(lambda: len({str(them.copies(n)) for n in FOUNDERS}) == 1, 20)


def test_a_node_away_for_long_does_not_depose_the_master_by_its_return() -> None:
    them = Mastered("majority")
    them.cut("n5")
    them.wait(6)
    them.heal()
    them.wait(4)
    assert them.masters() == ["n1"]
    assert them.rule("n5").term == them.rule("n1").term == 1


def test_a_master_whose_disk_refuses_a_write_resigns() -> None:
    them = Mastered("majority")
    them.world.host("n1").disk.full = True
    answer = them.put("n1", "k", "v")
    assert answer != "ok"
    assert them.until(lambda: them.masters() not in ([], ["n1"]), 8)
    them.world.host("n1").disk.full = False
    assert them.put("n2", "k", "w") == "ok"


@pytest.mark.parametrize("kind", ["failover", "majority"])
def test_everybody_agrees_on_one_master_and_says_so(kind: ArchitectureName) -> None:
    them = Mastered(kind)
    rules = {(them.rule(n).master, them.rule(n).term) for n in FOUNDERS}
    assert rules == {("n1", 1)}
    chosen = {f.node for f in them.told(MasterChosen)}
    assert chosen == set(FOUNDERS)
    began = them.told(ReignBegan)
    assert [(f.node, f.payload.term) for f in began] == [("n1", 1)]  # type: ignore[union-attr]


def test_a_restart_of_the_whole_majority_cluster_remembers_its_terms() -> None:
    them = Mastered("majority")
    assert them.put("n1", "k", "v") == "ok"
    term = them.rule("n1").term
    for name in FOUNDERS:
        them.world.kill(name)
    for name in FOUNDERS:
        them.start(name)
    assert them.until(lambda: len(them.masters()) == 1)
    assert them.rule(them.masters()[0]).term > term
    assert them.get("n3", "k") == "v"
