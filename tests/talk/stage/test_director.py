"""The director's stories: what one key does, what waits for what, and what going back never does."""

from __future__ import annotations

from cluster.config import SECOND
from talk.deck.deck import Act, Freeze, Hold, Live, Need, Say, Show, Sleep, Step, Trigger, Wait
from talk.stage.director import GIVE_UP, INSIST_US, TURN_MAX
from talk.stage.orders import Enter, Finish
from tests.talk.stage.boards import KEY, Board, cue, deck, slide, so

FIVE = Need()
KILL = Act("kill", ("n4",))
SUSPECT = Wait(so("suspected"), 3 * SECOND)


def on(*slides_: object, **kwargs: bool) -> Board:
    """A board on its first slide, with its cluster."""
    board = Board(deck(*slides_), **kwargs)  # type: ignore[arg-type]
    board.go()
    if board.director.preparing:
        board.prepared()
    board.passes()
    return board


def test_space_shows_the_words_then_begins_the_cue_then_goes_on() -> None:
    board = on(slide(1, cue(KILL, on=KEY), steps=2, need=FIVE), slide(2))
    assert board.director.waits_for() == "key"
    board.space()
    board.space()
    assert board.director.step == 2
    assert not board.acts
    board.space()
    assert board.acts == ["kill n4"]
    board.did()
    assert board.states == ["done"]
    board.space()
    assert board.director.slide.number == 2
    assert board.director.waits_for() == "end"
    board.space()
    assert board.director.notice == "this was the last slide"


def test_a_cue_does_its_steps_in_order_and_waits_for_the_cluster_not_for_a_clock() -> None:
    ring = Live("ring")
    steps = (Say("look"), KILL, SUSPECT, Show(ring), Freeze(), Hold(), Sleep(SECOND), Say("there"))
    board = on(slide(1, cue(*steps, alias="die"), need=FIVE, live=True))
    assert board.director.caption == "look"
    assert board.states == ["running"]
    board.did()
    assert board.states == ["waiting"]
    board.passes(2 * SECOND)
    assert board.states == ["waiting"]
    board.true.add("suspected")
    board.passes()
    assert board.states == ["holding"]
    assert board.director.live == ring
    assert board.director.frozen
    board.passes(60 * SECOND)
    assert board.states == ["holding"], "nobody has pressed a key"
    board.space()
    assert board.states == ["waiting"]
    board.passes(SECOND)
    assert board.states == ["done"]
    assert board.director.caption == "there"
    assert board.director.runs[0].late_by == 0


def test_claims_count_from_a_cues_first_act_or_its_beginning_where_it_has_none() -> None:
    wordy = cue(Say("a"), Act("put", ("9",)), Act("kill", ("n1",)), alias="acts", on=KEY)
    board = on(slide(1, wordy, cue(Say("b"), Hold(), alias="words"), need=FIVE))
    finished = [o.alias for o in board.orders if isinstance(o, Finish)]
    assert finished == ["words"]
    board.space()
    board.space()
    board.obey()
    finished = [o.alias for o in board.orders if isinstance(o, Finish)]
    assert finished == ["words", "acts"]


def test_a_wait_that_is_late_says_so_and_falls_back_only_where_the_deck_says_so() -> None:
    for fallback in (False, True):
        board = on(slide(1, cue(Wait(so("x"), SECOND, fallback)), need=FIVE))
        board.passes(SECOND + 1)
        assert board.states == ["late"]
        board.passes(60 * SECOND)
        assert board.fallbacks == (["x did not come in time"] if fallback else [])
        board.true.add("x")
        board.passes()
        assert board.states == ["done"]
        assert board.director.runs[0].late_by > 59 * SECOND


def test_a_slow_machine_has_longer_to_wait() -> None:
    board = on(slide(1, cue(Wait(so("x"), SECOND)), need=FIVE))
    board.stretch = 3.0
    board.passes(2 * SECOND)
    assert board.states == ["waiting"]
    board.passes(2 * SECOND)
    assert board.states == ["late"]


def test_told_to_nobody_a_wait_is_given_up_and_does_not_fall_back() -> None:
    board = on(slide(1, cue(Wait(so("x"), SECOND, fallback=True)), need=FIVE), alone=True)
    board.passes(2 * SECOND)
    board.passes(SECOND * GIVE_UP)
    assert board.states == ["failed"]
    assert board.director.runs[0].said == "never: x"
    assert not board.fallbacks


def test_one_key_while_something_is_awaited_warns_and_a_second_soon_after_goes_on() -> None:
    board = on(slide(1, cue(KILL, SUSPECT), need=FIVE), slide(2))
    board.did()
    board.space()
    assert board.states == ["waiting"]
    assert "once more goes on" in board.director.notice
    board.passes(INSIST_US + 1)
    board.space()
    assert board.states in (["waiting"], ["late"]), "the first key is forgotten by now"
    board.passes(INSIST_US // 2)
    board.space()
    assert board.states == ["skipped"]
    board.space()
    assert board.director.slide.number == 2


def test_a_clock_that_began_anew_does_not_make_the_first_key_count_as_the_second() -> None:
    board = on(slide(1, cue(Hold()), need=FIVE), slide(2, cue(SUSPECT), need=Need(nodes=3)))
    board.space()
    board.space()
    board.now = 5 * SECOND  # another world
    board.prepared()
    board.passes()
    board.space()
    assert board.states == ["waiting"]


def test_going_back_shows_all_words_and_does_nothing_to_the_cluster_by_itself() -> None:
    board = on(slide(1, cue(KILL), steps=1, need=FIVE), slide(2))
    board.did()
    board.space()
    board.space()
    assert board.director.slide.number == 2
    acts = list(board.acts)
    board.back()
    assert board.director.slide.number == 1
    assert board.director.step == 1
    assert board.director.preparing, "it was hurt since: the slide needs it whole"
    board.prepared()
    board.passes(60 * SECOND)
    assert board.acts == acts
    assert board.director.waits_for() == "key"
    board.space()
    assert board.acts == [*acts, "kill n4"], "the key does it again"


def test_back_takes_away_words_first() -> None:
    board = on(slide(1), slide(2, steps=2))
    for _ in range(3):
        board.space()
    assert (board.director.slide.number, board.director.step) == (2, 2)
    board.back()
    assert (board.director.slide.number, board.director.step) == (2, 1)
    board.back()
    board.back()
    assert board.director.slide.number == 1
    board.back()
    assert board.director.notice == "this is the first slide"


def test_again_asks_for_a_new_cluster_and_begins_the_slide_anew() -> None:
    board = on(slide(1, cue(KILL, on=KEY), need=FIVE))
    board.space()
    board.did()
    board.again()
    assert [order.fresh for order in board.prepares] == [False, True]
    board.prepared()
    board.passes()
    assert board.states == ["pending"]


def test_equal_needs_keep_the_cluster_and_what_hurt_it_asks_for_it_whole() -> None:
    board = on(
        slide(1, need=FIVE), slide(2, need=FIVE), slide(3, cue(KILL)), slide(4), slide(5, need=FIVE)
    )
    board.space()
    assert len(board.prepares) == 1
    board.space()
    board.passes()
    board.did()
    board.space()
    assert board.director.slide.number == 4
    assert len(board.prepares) == 1, "it says nothing, so it goes on with what runs"
    board.space()
    assert len(board.prepares) == 2
    assert not board.prepares[-1].fresh


def test_what_a_slide_waits_for_is_not_judged_before_it_was_entered() -> None:
    board = on(slide(1, need=FIVE), slide(2, cue(Wait(so("x"), SECOND), Say("too early"))))
    board.true.add("x")  # of the slide before, as far as anybody knows
    board.take(board.director.forward(board.moment))
    assert isinstance(board.orders[-1], Enter)
    assert board.states == ["pending"]
    assert not board.director.caption


def test_another_slide_while_the_cluster_is_being_made_waits_for_that_one() -> None:
    board = Board(deck(slide(1, need=FIVE), slide(2, need=FIVE), slide(3, need=Need(nodes=3))))
    board.go(0)
    board.go(1)
    assert len(board.prepares) == 1
    assert not any(isinstance(order, Enter) for order in board.orders)
    board.go(2)
    assert [order.need.nodes for order in board.prepares] == [5, 3]
    board.prepared()
    assert sum(isinstance(order, Enter) for order in board.orders) == 1


def test_no_cluster_is_said_and_the_words_are_shown_all_the_same() -> None:
    board = Board(deck(slide(1, steps=1, need=FIVE), slide(2, need=FIVE)))
    board.go()
    board.space()
    assert board.director.notice == "the cluster is being made ready"
    board.prepared("there is no memory")
    assert board.director.trouble == "there is no memory"
    assert board.fallbacks == ["there is no memory"]
    board.space()
    assert board.director.step == 1
    board.space()
    assert len(board.prepares) == 2, "the next slide tries again"


def test_an_act_that_cannot_be_done_ends_its_cue_and_is_said() -> None:
    board = on(slide(1, cue(KILL, Say("never said")), need=FIVE), slide(2))
    board.did(done=False, said="n4 is not running")
    assert board.states == ["failed"]
    assert board.director.notice == "n4 is not running"
    board.space()
    assert board.director.slide.number == 2


def test_a_cue_begins_when_something_is_so_or_some_time_after() -> None:
    board = on(
        slide(
            1,
            cue(Say("late"), on=Trigger("after", 2 * SECOND)),
            cue(Say("split"), on=Trigger("at", predicate=so("split"))),
            need=FIVE,
        )
    )
    assert board.director.waits_for() == "cue", "the first begins by itself"
    board.passes(2 * SECOND)
    assert board.states == ["done", "pending"]
    board.true.add("split")
    board.passes()
    assert board.director.caption == "split"


def test_more_steps_than_one_turn_may_do_are_done_in_the_next() -> None:
    steps: list[Step] = [Say(str(number)) for number in range(2 * TURN_MAX + 5)]
    board = on(slide(1, cue(*steps), need=FIVE))
    board.passes()
    board.passes()
    assert board.states == ["done"]
    assert board.director.caption == str(2 * TURN_MAX + 4)


def test_questions_and_the_appendix_are_jumped_to_not_walked_to() -> None:
    from msgspec.structs import replace

    question = replace(slide(3), question=4)
    more = replace(slide(4), question=4)
    behind = replace(slide(5), appendix=True)
    last = replace(slide(6), appendix=True)
    board = on(slide(1), slide(2), question, more, behind, last)
    board.space()
    assert board.director.waits_for() == "end"
    board.go(2)
    board.space()
    assert board.director.slide.number == 4, "the rest of the answer"
    board.space()
    assert board.director.slide.number == 2, "back to where it was asked"
    board.go(4)
    board.space()
    assert board.director.slide.number == 6
    board.back()
    assert board.director.slide.number == 2, "back to the talk"


def test_what_comes_late_is_said_for_as_long_as_it_does() -> None:
    board = on(slide(1, cue(SUSPECT), need=FIVE))
    assert board.director.late == ""
    board.passes(3 * SECOND + 1)
    assert board.states == ["late"]
    assert board.director.late == "It was given 3 s and has not come yet: suspected."
    board.true.add("suspected")
    board.passes()
    assert board.director.late == ""


def test_a_recording_that_can_go_no_further_ends_the_sleep_in_front_of_that_act_alone() -> None:
    steps = (Sleep(4 * SECOND), Say("now"), KILL, Sleep(4 * SECOND), Act("start", ("n4",)))
    other = cue(Sleep(9 * SECOND), Act("heal"), on=Trigger("after"))
    board = on(slide(1, cue(*steps), other))

    board.stands = "kill n2"
    board.passes(3 * SECOND)
    assert board.states == ["waiting", "waiting"], "for another act than theirs"
    board.stands = "kill n4"
    board.passes()
    assert board.states == ["running", "waiting"]
    assert board.acts == ["kill n4"]
    board.did()
    assert board.states == ["waiting", "waiting"], "it sleeps for what comes next"
    board.stands = ""
    board.passes()
    assert board.states == ["running", "running"], "nothing more was recorded"
    assert board.acts == ["kill n4", "start n4", "heal"]
