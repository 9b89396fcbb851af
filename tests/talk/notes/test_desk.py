"""What the presenter is told: cues as they go, claims as measured, clocks against plan and rehearsals."""

from __future__ import annotations

import msgspec
import pytest

from cluster.config import SECOND
from talk.deck.deck import Deck, Slide
from talk.notes.asking import asked
from talk.notes.desk import programme
from talk.notes.sheet import Told
from talk.notes.telling import seconds
from talk.pace import UNKNOWN, Pace, Telling
from tests.talk.notes.stage import small, telling

DIES, RUMOUR = "What happens when a node dies?", "The rumour spreads"
REHEARSED = Pace(
    (
        Telling({DIES: 30.0, RUMOUR: 100.0}, {"the others notice": 0.8}),
        Telling({DIES: 50.0}, {"the others notice": 1.1}),
        Telling({DIES: 40.0}),
    )
)


async def test_the_desk_says_what_to_say_what_is_shown_and_what_waits() -> None:
    async with telling() as told:
        await told.press("next")
        desk = told.desk()
        assert (desk.number, desk.title) == (2, DIES)
        assert desk.notes == (
            "Nobody is in charge. That is the whole point, and it is the problem.",
            "Let it run. Do not talk over the matrix <b>turning</b>.",
        )
        assert [(said.text, said.shown) for said in desk.words] == [
            ("Nobody is in charge.", True),
            ("So nobody can announce it.", False),
        ]
        assert desk.live == "matrix"
        assert desk.following is not None
        assert (desk.following.number, desk.following.title) == (3, RUMOUR)
        await told.press("next")
        assert all(said.shown for said in told.desk().words)


async def test_the_desk_foretells_what_the_one_key_does_and_it_does_it() -> None:
    async with telling() as told:
        assert told.desk().space == f"next slide: {DIES}"
        await told.press("next")
        assert told.desk().space == "shows: So nobody can announce it."
        await told.press("next")
        assert told.desk().space == "does: kill n3"
        await told.press("next")
        assert "twice goes on" in told.desk().space
        await told.pass_time(3 * SECOND)
        assert told.desk().space == "goes on: freeze the picture"
        await told.press("next")
        assert told.desk().states == ("frozen",)
        assert told.desk().caption == "All know it."
        assert told.desk().space == f"next slide: {RUMOUR}"
        await told.press("next")
        await told.press("next")
        assert told.desk().number == 4
        assert told.desk().space == "nothing: this is the last slide"
        assert told.desk().following is None


async def test_each_step_of_a_cue_says_when_it_began_how_long_it_took_and_its_bound() -> None:
    async with telling() as told:
        await told.press("next")
        await told.pass_time(2 * SECOND)
        cues = told.desk().cues
        assert [line.state for line in cues] == ["next", "then", "then", "then", "then"]
        assert (cues[0].text, cues[0].said) == ("kill n3", "you press space")
        assert cues[1].said == "within 10 s"
        await told.press("next")
        await told.press("next")
        await told.pass_time(SECOND // 2)
        cues = told.desk().cues
        assert [line.state for line in cues] == ["done", "now", "next", "then", "then"]
        assert cues[1].said == "0.6 s of 10 s"
        assert cues[0].at_s == pytest.approx(2.05, abs=0.2)
        await told.pass_time(2 * SECOND)
        cues = told.desk().cues
        took = float(cues[1].said.split()[0])
        assert 0.3 < took < 2.0, cues[1]
        assert cues[1].said.endswith("s, bound 10 s")
        assert (cues[2].state, cues[2].said) == ("now", "you press space")


async def test_a_wait_that_was_given_up_is_not_told_as_done() -> None:
    async with telling() as told:
        await told.press("next")
        for _ in range(4):
            await told.press("next")
        cues = told.desk().cues
        assert cues[1].state == "skipped"
        assert cues[1].said == "you went on without it"
        assert [line.state for line in cues[2:]] == ["skipped"] * 3


async def test_a_slide_begun_anew_forgets_its_steps() -> None:
    async with telling() as told:
        await told.press("next")
        await told.press("next")
        await told.press("next")
        await told.pass_time(3 * SECOND)
        await told.press("again")
        await told.pass_time(SECOND)
        cues = told.desk().cues
        assert [line.state for line in cues] == ["next", "then", "then", "then", "then"]
        assert all(line.at_s < 0 for line in cues)


async def test_claims_come_with_what_was_measured_and_what_rehearsals_took() -> None:
    async with telling(REHEARSED) as told:
        await told.press("next")
        await told.press("next")
        await told.press("next")
        await told.pass_time(SECOND // 2)
        notice, answers = told.desk().claims
        assert (notice.state, notice.text) == ("pending", "the others notice")
        assert notice.found.endswith("so far, of 10 s")
        assert notice.bound == "believing-dead n3 = all"
        assert notice.usual_s == (0.8, 1.1)
        assert answers.usual_s == ()
        await told.pass_time(2 * SECOND)
        assert told.desk().claims[0].state == "held"
        assert "2 of 2 others" in told.desk().claims[0].found


async def test_the_timer_begins_with_the_second_slide() -> None:
    async with telling() as told:
        told.wait(60)
        clocks = told.desk().clocks
        assert (clocks.running, clocks.elapsed_s, clocks.against) == (False, 0, "")
        await told.press("next")
        told.wait(20)
        clocks = told.desk().clocks
        assert clocks.running
        assert clocks.elapsed_s == pytest.approx(20, abs=1)
        assert (clocks.total_s, clocks.planned_s) == (600, 60)
        assert told.desk().spent_s[:2] == (0, clocks.slide_s)


async def test_behind_is_more_than_this_slide_may_take_and_ahead_less_than_those_before() -> None:
    async with telling() as told:
        await told.press("next")
        told.wait(59)
        assert told.desk().clocks.behind_s == 0
        told.wait(11)
        assert told.desk().clocks.behind_s == pytest.approx(10, abs=1)
        await told.press("go", 3)
        assert told.desk().clocks.behind_s == 0, "it has its own two minutes"
        await told.press("go", 4)
        assert told.desk().clocks.behind_s == pytest.approx(-110, abs=1)
        assert told.desk().clocks.against == "plan"


async def test_who_begins_later_is_not_ahead_by_what_was_skipped() -> None:
    async with telling() as told:
        await told.press("go", 3)
        told.wait(100)
        clocks = told.desk().clocks
        assert (clocks.behind_s, clocks.against) == (0, "plan")
        assert clocks.total_s == 600 - 60, "the plan of what is still told"
        told.wait(40)
        assert told.desk().clocks.behind_s == pytest.approx(20, abs=1)
        await told.press("go", 4)
        assert told.desk().clocks.behind_s == 0
        assert told.desk().clocks.here == pytest.approx(120 / 540, abs=0.01)
        await told.press("go", 2)
        assert 0 <= told.desk().clocks.here <= told.desk().clocks.due


async def test_where_rehearsals_are_known_pace_is_against_their_medians() -> None:
    async with telling(REHEARSED) as told:
        await told.press("next")
        told.wait(50)
        clocks = told.desk().clocks
        assert clocks.against == "rehearsal"
        assert clocks.behind_s == pytest.approx(10, abs=1)
        await told.press("go", 4)
        assert told.desk().clocks.against == "plan", "the last slide was never rehearsed"


async def test_the_ways_out_are_those_that_there_are() -> None:
    async with telling() as told:
        ways = {way.key: way for way in told.desk().ways}
        assert list(ways) == ["R", "N", "S", "B"]
        assert not ways["R"].can, "this deck names no recording"
        assert not ways["S"].can, "nothing live is on the first slide"
        await told.press("next")
        assert {way.key for way in told.desk().ways if way.can} == {"N", "S", "B"}
        await told.press("still")
        await told.press("black")
        assert told.desk().states == ("black", "without its live part")
        assert "show the live part again" in [way.text for way in told.desk().ways]


async def test_the_state_is_json_and_comes_back_the_same() -> None:
    async with telling(REHEARSED) as told:
        for _ in range(3):
            await told.press("next")
            desk = told.desk()
            assert msgspec.json.decode(msgspec.json.encode(desk), type=Told) == desk
        assert msgspec.json.decode(msgspec.json.encode(told.programme), type=Told) == told.programme


def test_slides_that_answer_questions_are_called_as_the_slide_of_questions_counts_them() -> None:
    slides = [Slide(n, f"s{n}", question=q) for n, q in enumerate((0, 0, 1, 1, 12, 0), 1)]
    cards = programme(Deck("t", tuple(slides)), UNKNOWN).cards
    assert [card.label for card in cards] == ["1", "2", "1", "1b", "12", "6"]
    assert [card.number for card in cards] == [1, 2, 3, 4, 5, 6]


def test_slides_without_a_plan_share_what_the_others_leave() -> None:
    told = programme(small(), REHEARSED)
    assert [card.plan_s for card in told.cards] == [0.0, 60.0, 120.0, 420.0]
    assert [card.usual_s for card in told.cards] == [None, 40.0, 100.0, None]
    assert told.total_s == 600
    assert told.rehearsals == 3


@pytest.mark.parametrize(
    ("us", "said"), [(0, "0 ms"), (41_400, "41 ms"), (720_000, "0.72 s"), (12_400_000, "12 s")]
)
def test_durations_are_short(us: int, said: str) -> None:
    assert seconds(us) == said


@pytest.mark.parametrize(
    "text",
    ["", "{}", "[]", '{"do": "quit"}', '{"do": "go", "slide": "x"}', '{"do": "next", "a": 1}'],
)
def test_what_is_no_key_is_not_obeyed(text: str) -> None:
    with pytest.raises(msgspec.MsgspecError):
        asked(text)
