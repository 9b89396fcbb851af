"""The incident record: when it opens, how its stages begin and end, and when there is none."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest
from msgspec.structs import replace

from cluster.model.casebook import INCIDENTS_MAX, Casebook, advance
from cluster.model.facts import (
    Fact,
    FaultHealed,
    FaultInjected,
    HintStored,
    MemberChanged,
    NodeStarted,
    NodeStopped,
    ProbeMissed,
    ProcessObserved,
    PulseReported,
    SnapshotTaken,
)
from cluster.model.incident import STAGES, Incident, StageName
from cluster.model.member import Address, MemberState, NodeId
from tests.tui.story import (
    ALIVE,
    DEAD,
    DEAD_STATE,
    KILLED,
    MS,
    N4,
    QUIET,
    SECOND,
    START,
    STARTED,
    SUSPECT,
    SUSPECTED,
    Teller,
    lively,
    opening,
    paused_story,
    removed_story,
    split_story,
    story,
)
from tui.view import LAB

Tell = Callable[[], tuple[Fact, ...]]
AT = START + 5 * SECOND
"""When something happens in a `lively` cluster."""


def book_of(facts: Iterable[Fact], until: int = 2**63) -> Casebook:
    book = Casebook()
    for fact in facts:
        if fact.at <= until:
            book = advance(book, fact)
    return book


def incident_at(at: int, tell: Tell = story) -> Incident:
    (incident,) = book_of(tell(), at).incidents
    return incident


def only(facts: Iterable[Fact]) -> Incident:
    (incident,) = book_of(facts).incidents
    return incident


# --- one kill, from the first moment to the last ---------------------------------------------------


def test_nothing_has_happened_in_a_quiet_cluster() -> None:
    assert book_of(story(), QUIET).incidents == ()


def test_a_kill_opens_the_record_before_anybody_has_noticed() -> None:
    incident = incident_at(KILLED + 10 * MS)
    assert (incident.subject, incident.fault, incident.began) == (N4, "kill", KILLED)
    assert incident.stage("silent").open
    assert incident.stage("silent").waiting_on == "nobody has noticed yet"
    assert incident.stage("back").waiting_on == "n4 to be started again"


def test_the_first_suspicion_ends_the_silence_and_has_a_witness_and_a_cause() -> None:
    silent = incident_at(SUSPECTED).stage("silent")
    assert (silent.ended - KILLED, silent.witness) == (310 * MS, "n2")
    assert silent.causes[0].node == "n2"


def test_a_suspicion_says_who_suspects_and_when_it_ends_by_itself() -> None:
    suspected = incident_at(SUSPECTED).stage("suspected")
    assert suspected.open
    assert suspected.waiting_on == "n4 to answer; n1 n2 n5 suspect it"
    assert suspected.due == KILLED + 910 * MS


def test_death_spreads_until_the_last_live_view_has_heard() -> None:
    spreading = incident_at(KILLED + 960 * MS).stage("dead")
    assert spreading.waiting_on == "n1 n5 have not heard yet"
    dead = incident_at(DEAD).stage("dead")
    assert (dead.began - KILLED, dead.ended - KILLED) == (910 * MS, 1_032 * MS)
    assert dead.witness == "n5"


def test_hints_are_counted_while_they_collect() -> None:
    hints = incident_at(DEAD).stage("hints")
    assert hints.open
    assert hints.count == 60
    assert hints.waiting_on == "60 kept for n4 at n1 n3 n5"


def test_a_new_life_is_back_when_every_live_view_has_it_alive() -> None:
    back = incident_at(STARTED + 320 * MS).stage("back")
    assert (back.began - STARTED, back.waiting_on) == (110 * MS, "n2 n5 do not see it alive yet")
    assert incident_at(STARTED + 500 * MS).stage("back").ended == STARTED + 399 * MS


def test_hints_return_and_say_how_many_are_left_and_where() -> None:
    returned = incident_at(STARTED + 700 * MS).stage("returned")
    assert returned.waiting_on == "hints: 78 of 126 at n1 n3 n5"
    assert returned.count == 48


def test_the_record_closes_when_all_agree_again() -> None:
    incident = only(story())
    assert incident.ended == incident.stage("trees clean").ended > incident.stage("one view").ended
    assert not incident.false_alarm
    assert incident.stage("rebuilt").skipped
    assert incident.stage("returned").count == 126
    ended = [s.ended for s in incident.stages if not s.skipped]
    assert all(ended)
    assert not any(s.waiting_on for s in incident.stages)


def test_trees_are_clean_when_all_pairs_were_compared_since_and_nothing_differs() -> None:
    returned = incident_at(STARTED + 1_600 * MS).stage("returned").ended
    early = incident_at(STARTED + 1_700 * MS)
    assert early.stage("trees clean").began == returned
    assert early.stage("trees clean").waiting_on == "n1 n2 n3 n5 to compare trees with n4"
    assert early.stage("one view").settled
    assert not early.ended
    assert only(story()).stage("trees clean").ended >= STARTED + 2 * SECOND


def test_a_copy_that_differs_keeps_the_record_open() -> None:
    def unlike(fact: Fact) -> Fact:
        if not isinstance(fact.payload, PulseReported) or fact.node != "n1":
            return fact
        trees = tuple(
            replace(like, differing=3) if like.peer == N4 else like for like in fact.payload.trees
        )
        return replace(fact, payload=replace(fact.payload, trees=trees))

    incident = only([unlike(fact) for fact in story()])
    assert not incident.ended
    assert incident.stage("trees clean").waiting_on == "copies that differ between n4 and n1"


# --- moments beside the stages ---------------------------------------------------------------------


def test_the_milestones_of_a_kill_have_a_time_a_witness_and_a_cause() -> None:
    incident = incident_at(DEAD)
    fault, missed = incident.milestone("fault"), incident.milestone("missed probe")
    assert (fault.at, fault.witness) == (KILLED, LAB)
    assert (missed.at - KILLED, missed.witness, missed.count) == (280 * MS, "n2", 1)
    confirmed, fallback = incident.milestone("confirmed"), incident.milestone("fallback write")
    assert (confirmed.at - KILLED, confirmed.witness, confirmed.count) == (520 * MS, "n2", 1)
    assert (fallback.at - KILLED, fallback.witness) == (790 * MS, "n1")
    for moment in (fault, missed, confirmed, fallback):
        assert moment.causes[0].node == moment.witness


def test_the_fault_is_the_cause_of_the_silence_and_the_first_fallback_write_of_the_hints() -> None:
    incident = incident_at(KILLED + 10 * MS)
    assert incident.stage("silent").causes == incident.milestone("fault").causes
    later = incident_at(DEAD)
    assert later.stage("hints").began == later.milestone("fallback write").at
    assert later.stage("hints").causes == later.milestone("fallback write").causes


def test_a_probe_missed_before_anybody_was_accused_is_found_when_the_record_opens() -> None:
    unknown = [f for f in story() if f.node != LAB]
    assert book_of(unknown, KILLED + 290 * MS).incidents == ()
    (incident,) = book_of(unknown, SUSPECTED).incidents
    assert incident.fault == ""
    assert incident.milestone("fault").at == 0
    assert incident.milestone("missed probe").at == KILLED + 280 * MS


def test_a_refused_connection_needs_no_missed_probe() -> None:
    facts = [f for f in story() if not isinstance(f.payload, ProbeMissed)]
    assert only(facts).milestone("missed probe").at == 0


def test_hints_that_nobody_told_one_by_one_are_dated_by_the_next_pulse() -> None:
    facts = [f for f in story() if not isinstance(f.payload, HintStored)]
    first = only(facts).milestone("fallback write")
    assert first.at - KILLED == 790 * MS
    assert first.count == 0


def test_an_earlier_moment_that_is_told_later_replaces_the_first() -> None:
    facts = list(story())
    missed = next(f for f in facts if isinstance(f.payload, ProbeMissed))
    index = next(i for i, f in enumerate(facts) if f.at > DEAD and f.node == "n3")
    early = replace(facts[index], at=missed.at - 40 * MS, payload=missed.payload)
    milestone = only([*facts[:index], early, *facts[index:]]).milestone("missed probe")
    assert (milestone.at, milestone.witness, milestone.count) == (early.at, "n3", 2)


# --- the other endings -----------------------------------------------------------------------------


def test_a_removed_member_is_rebuilt_elsewhere_and_the_record_closes_without_it() -> None:
    incident = only(removed_story())
    assert incident.removed
    assert not incident.returned
    assert incident.stage("rebuilt").count == 38
    assert incident.stage("back").waiting_on == "n4 to be started again"
    assert incident.ended == incident.stage("one view").ended


def test_while_it_is_rebuilt_the_record_says_who_fills_how_much() -> None:
    rebuilt = incident_at(KILLED + 9_600 * MS, removed_story).stage("rebuilt")
    assert rebuilt.waiting_on == "n1 n2 n3 n5 fill 30 more places"


def test_a_removed_member_that_comes_back_goes_on_with_its_record() -> None:
    facts = list(removed_story())
    closed = only(facts)
    at = facts[-1].at + SECOND
    template = next(f for f in story() if f.node == N4 and isinstance(f.payload, SnapshotTaken))
    assert isinstance(template.payload, SnapshotTaken)
    born = replace(template, epoch=at, at=at, payload=replace(template.payload, started_at=at))
    opened = only([*facts, born])
    assert closed.ended
    assert not opened.ended
    assert opened.began == closed.began
    assert opened.stage("back").began == at


def test_a_suspect_that_answers_in_time_was_a_false_alarm() -> None:
    incident = only(paused_story())
    assert incident.false_alarm
    assert incident.fault == "pause"
    assert not incident.stage("dead").began
    assert incident.ended - KILLED == 2_140 * MS
    assert incident.stage("suspected").ended == incident.ended


def test_a_false_alarm_is_over_when_its_hints_are_back() -> None:
    def blink(teller: Teller) -> None:
        n2 = NodeId("n2")
        teller.say(LAB, AT, FaultInjected("pause", N4))
        teller.say(LAB, AT, ProcessObserved(N4, "paused", 4104, Address("")))
        teller.down.add(N4)
        teller.spread(AT + 400 * MS, teller.claim(N4, SUSPECT, "n2"), [(0, "n2", "")])
        teller.keep_hints(n2, N4, AT + 500 * MS, 7)
        teller.beat(AT + 500 * MS, AT + SECOND)
        teller.down.discard(N4)
        teller.say(LAB, AT + SECOND, FaultHealed("pause", N4))
        teller.say(LAB, AT + SECOND, ProcessObserved(N4, "running", 4104, Address("")))
        teller.incarnation[N4] = 1
        teller.spread(AT + 1_050 * MS, teller.claim(N4, ALIVE), [(0, "n2", "n4")])
        teller.beat(AT + 1_250 * MS, AT + 1_500 * MS)
        teller.give_back(n2, N4, AT + 1_600 * MS, 7)
        teller.beat(AT + 1_750 * MS, AT + 3 * SECOND)

    facts = lively(blink)
    (returning,) = book_of(facts, AT + 1_550 * MS).incidents
    assert returning.stage("returned").open
    assert returning.stage("returned").waiting_on == "hints: 7 of 7 at n2"
    incident = only(facts)
    assert incident.false_alarm
    assert incident.stage("hints").count == incident.stage("returned").count == 7
    assert incident.ended == incident.stage("returned").ended >= AT + 1_600 * MS
    assert incident.stage("dead").skipped


def test_a_pause_that_nobody_noticed_is_over_a_moment_after_it_ends() -> None:
    def blink(teller: Teller) -> None:
        teller.say(LAB, AT, FaultInjected("pause", N4))
        teller.say(LAB, AT, ProcessObserved(N4, "paused", 4104, Address("")))
        teller.say(LAB, AT + 200 * MS, FaultHealed("pause", N4))
        teller.say(LAB, AT + 200 * MS, ProcessObserved(N4, "running", 4104, Address("")))
        teller.beat(AT + 250 * MS, AT + 3 * SECOND)

    incident = only(lively(blink))
    assert incident.false_alarm
    assert incident.stage("suspected").skipped
    assert incident.ended - AT == 200 * MS


def test_a_farewell_is_no_incident() -> None:
    def leave(teller: Teller) -> None:
        left = teller.claim(N4, MemberState.LEFT)
        teller.say(N4, AT, MemberChanged(left, ALIVE, "operator", N4))
        teller.say(N4, AT + 300 * MS, NodeStopped("told to leave"))
        teller.spread(AT + 20 * MS, left, [(0, "n1", "n4"), (50, "n2", "n1"), (70, "n5", "n1")])
        teller.say(LAB, AT + 400 * MS, ProcessObserved(N4, "gone", 4104, Address("")))
        teller.down.add(N4)
        teller.beat(AT + 500 * MS, AT + 2 * SECOND)

    assert book_of(lively(leave)).incidents == ()


def test_a_process_that_ends_without_a_farewell_is_an_incident_though_nobody_injected_it() -> None:
    def crash(teller: Teller) -> None:
        teller.say(LAB, AT, ProcessObserved(N4, "gone", 4104, Address("")))

    incident = only(lively(crash))
    assert (incident.subject, incident.fault, incident.began) == (N4, "", AT)


def test_without_a_lab_the_record_begins_with_the_last_sign_of_life() -> None:
    def fall_silent(teller: Teller) -> None:
        teller.down.add(N4)
        teller.deaf[N4] = AT
        teller.beat(AT, AT + 750 * MS)
        suspect = teller.claim(N4, SUSPECT, "n2")
        teller.spread(AT + 800 * MS, suspect, [(0, "n2", ""), (50, "n1", "n2")])

    incident = only(lively(fall_silent))
    assert incident.fault == ""
    assert AT - 200 * MS <= incident.began <= AT
    assert incident.stage("silent").ended == AT + 800 * MS


def test_a_member_found_dead_when_the_observer_comes_is_an_open_incident() -> None:
    teller = Teller()
    opening(teller, START + 2 * SECOND)
    teller.down.add(N4)
    for name in ("n1", "n2", "n3", "n5"):
        node = NodeId(name)
        teller.beliefs[node][N4] = teller.claim(N4, DEAD_STATE, "n2")
        teller.since[node, N4] = START + 3 * SECOND
    late = [NodeId(n) for n in ("n1", "n2", "n3", "n5")]
    teller.facts.clear()
    for node in late:
        teller.snapshot(node, START + 60 * SECOND)
    incident = only(teller.sorted())
    assert incident.stage("dead").began == START + 3 * SECOND
    assert incident.stage("dead").ended
    assert not incident.ended


# --- several at once -------------------------------------------------------------------------------


def test_two_failures_have_two_records() -> None:
    def two(teller: Teller) -> None:
        teller.kill(N4, AT)
        teller.kill(NodeId("n2"), AT + 300 * MS)
        suspect = [teller.claim(n, SUSPECT, "n1") for n in (N4, NodeId("n2"))]
        for claim in suspect:
            teller.spread(AT + 800 * MS, claim, [(0, "n1", ""), (40, "n3", "n1"), (80, "n5", "n3")])

    book = book_of(lively(two))
    assert [i.subject for i in book.incidents] == ["n4", "n2"]
    assert book.open_for(N4) is not None


def test_in_a_split_the_smaller_side_is_what_failed() -> None:
    book = book_of(split_story())
    assert [(i.subject, i.fault) for i in book.incidents] == [
        ("n1", "partition"),
        ("n2", "partition"),
    ]


def test_what_an_isolated_node_thinks_of_the_others_is_no_incident() -> None:
    def isolate(teller: Teller) -> None:
        teller.say(LAB, AT, FaultInjected("isolate", N4))
        for name in ("n1", "n2", "n3", "n5"):
            node = NodeId(name)
            teller.believe(N4, AT + 400 * MS, teller.claim(node, SUSPECT, "n4"), "probe")
            teller.believe(node, AT + 420 * MS, teller.claim(N4, SUSPECT, node), "probe")

    assert [i.subject for i in book_of(lively(isolate)).incidents] == [N4]


def test_an_accusation_heard_from_those_who_were_cut_off_is_no_incident() -> None:
    """After a heal the smaller side tells whom it held dead: they are doubted for a moment."""
    facts = list(split_story())
    end, n3 = facts[-1].at, NodeId("n3")
    last = next(f for f in reversed(facts) if f.node == n3)
    belief = next(
        f.payload for f in facts if f.node == "n1" and isinstance(f.payload, MemberChanged)
        and f.payload.claim.name == N4 and f.payload.claim.state is DEAD_STATE
    )  # fmt: skip
    assert belief.claim.accuser == "n1"
    hearsay = MemberChanged(replace(belief.claim, state=SUSPECT), ALIVE, "pushpull", NodeId("n1"))
    told = replace(last, seq=last.seq + 1, at=end + 100 * MS, payload=hearsay)
    assert [i.subject for i in book_of([*facts, told]).incidents] == ["n1", "n2"]


def test_a_second_death_closes_the_record_of_the_first_life() -> None:
    facts = [f for f in story() if f.at <= STARTED + 700 * MS]
    again = Fact(LAB, START + 1, 1, STARTED + 800 * MS, 0, FaultInjected("kill", N4))
    first, second = book_of([*facts, again]).incidents
    assert first.ended == STARTED + 800 * MS
    assert second.epoch > first.epoch
    assert not second.ended


def test_only_the_last_records_are_kept() -> None:
    teller = Teller()
    opening(teller, START + 2 * SECOND)
    book = book_of(teller.sorted())
    for round_ in range(INCIDENTS_MAX + 5):
        at = START + (10 + round_) * SECOND
        born = Fact(N4, at, 1, at, 0, NodeStarted("demo", 9, 0))
        for fact in (born, Fact(LAB, 1, round_ + 1, at + 1, 0, FaultInjected("kill", N4))):
            book = advance(book, fact)
    assert len(book.incidents) == INCIDENTS_MAX


# --- always ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("tell", [story, removed_story, paused_story, split_story])
def test_no_stage_ends_before_it_begins_and_none_waits_once_it_is_over(tell: Tell) -> None:
    book = Casebook()
    for fact in tell():
        book = advance(book, fact)
        for incident in book.incidents:
            _check(incident)


def _check(incident: Incident) -> None:
    names: list[StageName] = [stage.name for stage in incident.stages]
    assert tuple(names) == STAGES
    for stage in incident.stages:
        assert not stage.ended or stage.ended >= stage.began > 0
        assert not stage.settled or not stage.waiting_on
        assert not (stage.skipped and stage.began)
    if incident.ended and not incident.removed:
        assert all(stage.settled for stage in incident.stages)
