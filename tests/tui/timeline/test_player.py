"""Keys that move through time: what each does to where the viewer stands."""

from __future__ import annotations

from functools import lru_cache

import pytest
from msgspec.structs import replace

from tests.tui.story import DEAD, END, KILLED, SECOND, START, scene_at, story
from tests.tui.timeline.band import told
from tui.draw.frame import Frame
from tui.draw.timeline import paint_line
from tui.fold import fold
from tui.timeline.deck import Deck
from tui.timeline.player import PACES, Player, Spot, advance, press, seek
from tui.timeline.reel import has_picture
from tui.timeline.tape import Tape
from tui.view import ClusterView

NOW = END + SECOND


@lru_cache(maxsize=1)
def tape() -> Tape:
    return told(story())


def pressed(player: Player, *moves: str) -> Player:
    for move in moves:
        player, _ = press(player, move, tape(), NOW)  # pyright: ignore[reportArgumentType]
    return player


def test_space_freezes_at_the_moment_and_plays_on_from_there() -> None:
    frozen = pressed(Player(), "freeze")
    assert frozen.spot == Spot(tape().count, NOW)
    assert not frozen.playing
    assert pressed(frozen, "freeze").playing
    assert pressed(frozen, "freeze", "freeze") == frozen
    assert pressed(frozen, "live") == Player()


def test_a_step_goes_over_one_fact_and_back_over_the_same() -> None:
    there = pressed(Player(), "step_back", "step_back", "step_back")
    assert there.spot is not None
    assert there.spot.seq == tape().count - 3
    assert there.stepped
    back = pressed(there, "step_on", "step_back")
    assert back.spot == there.spot
    assert tape().view(there.spot.seq).facts == there.spot.seq


def test_no_step_leaves_what_is_kept() -> None:
    assert press(pressed(Player(), "freeze"), "step_on", tape(), NOW)[1].startswith("this is the")
    first = Player(Spot(tape().first, tape().begin_us))
    assert press(first, "step_back", tape(), NOW) == (first, "this is the earliest fact kept")


def test_marks_are_jumped_to_one_after_another() -> None:
    player = Player()
    names: list[str] = []
    for _ in range(5):
        player, said = press(player, "previous_mark", tape(), NOW)
        names.append(said)
    assert names == ["n4 back", "n4 started again", "n4 dead", "n4 suspected", "n4 killed"]
    assert player.spot is not None
    assert player.spot.t == KILLED
    assert press(player, "previous_mark", tape(), NOW)[1].startswith("no earlier mark")
    assert press(player, "next_mark", tape(), NOW)[1] == "n4 suspected"
    last = pressed(Player(), "previous_mark")
    assert press(last, "next_mark", tape(), NOW)[1].startswith("no later mark")


def test_while_playing_the_mark_before_is_not_the_one_just_passed() -> None:
    player = pressed(Player(), *["previous_mark"] * 3, "freeze")
    player = advance(player, tape(), 200_000, NOW)
    assert press(player, "previous_mark", tape(), NOW)[1] == "n4 suspected"


def test_playing_goes_at_its_pace_without_losing_fractions() -> None:
    start = Player(Spot(tape().place_at(KILLED), KILLED), playing=True, pace=0)
    player = start
    for _ in range(1_000):
        player = advance(player, tape(), 33_333, NOW)
    assert player.spot is not None
    assert player.spot.t == KILLED + 33_333_000 // 8
    assert player.spot.seq == tape().place_at(player.spot.t)


def test_slower_than_now_is_slow_motion_from_here_and_faster_is_not_possible() -> None:
    slow = pressed(Player(), "slower")
    assert slow.playing
    assert PACES[slow.pace] == (1, 2)
    assert press(Player(), "faster", tape(), NOW)[0] == Player()
    assert PACES[pressed(slow, *["faster"] * 20).pace] == (16, 1)
    assert PACES[pressed(slow, *["slower"] * 20).pace] == (1, 8)


def test_another_pace_while_the_picture_stands_is_said() -> None:
    frozen = pressed(Player(), "freeze")
    slower, said = press(frozen, "slower", tape(), NOW)
    assert said == "½× from here, once space plays on"
    assert not slower.playing
    assert press(slower, "faster", tape(), NOW)[1] == "1× from here, once space plays on"
    assert press(pressed(slower, "freeze"), "slower", tape(), NOW)[1] == ""


def test_who_plays_past_the_end_follows_it_again() -> None:
    player = Player(Spot(tape().count, NOW - 1_000), playing=True, pace=5)
    assert advance(player, tape(), 33_000, NOW) == Player()


def test_what_falls_out_of_the_buffer_while_it_is_looked_at_gives_way_to_the_earliest() -> None:
    deck = Deck(told(story(), us=20 * SECOND))
    deck.player = Player(Spot(3, START))
    view, now = deck.moment(tape().view(0), NOW)
    assert now >= deck.reel.begin_us
    assert view == deck.reel.view(deck.reel.first)


def test_the_line_has_times_at_both_ends_its_marks_and_where_one_is() -> None:
    deck = Deck()
    deck.tape = deck.reel = tape()
    text = lined(deck, 120)
    assert text.startswith(" 12:14:00 ──")
    assert text.endswith("─● LIVE")
    assert text.count("✕") == 2
    deck.player = pressed(Player(), *["previous_mark"] * 3)
    frame = lined(deck, 120)
    assert frame.endswith("─── 20 s before 12:15:25")
    deck.press("next_mark", NOW)
    assert "n4 started again  15 s before" in lined(deck, 120)
    deck.press("step_on", NOW)
    fact, _ = deck.reel.fact(deck.player.spot.seq) if deck.player.spot else (None, 0)
    assert fact is not None
    assert f"{fact.node}  " in lined(deck, 80)


def lined(deck: Deck, width: int) -> str:
    view, now = deck.moment(tape().view(tape().count), NOW)
    frame = Frame(width, 1)
    paint_line(frame, scene_at(DEAD, view=view, now=now), deck.line(NOW), 0)
    return frame.lines()[0]


def late(clock_behind: int) -> Tape:
    """A tape on which n5's facts come with a clock that is behind, as of a node that was paused."""
    facts = [
        replace(fact, at=fact.at - clock_behind) if fact.node == "n5" else fact for fact in story()
    ]
    made, view = Tape(), ClusterView()
    for start in range(0, len(facts), 40):
        batch = facts[start : start + 40]
        view = fold(view, batch)
        made.add(batch, view, max(fact.at for fact in facts[: start + 40]))
    return made


@pytest.mark.parametrize("behind", [0, 900_000])
def test_a_jump_to_a_mark_lands_where_its_fact_is_folded_already(behind: int) -> None:
    reel = late(behind)
    assert len(reel.marks) >= 5
    for note in reel.marks:
        labels = [mark.label for mark in reel.view_at(note.t).marks]
        assert note.label in labels, f"{note.label} is not known yet where its mark stands"
        assert reel.place_at(note.t) >= note.seq


def test_the_time_of_steps_never_goes_back() -> None:
    deck = Deck()
    deck.reel = reel = late(900_000)
    deck.player = Player(Spot(reel.marks[0].seq - 200, reel.marks[0].t))
    shown: list[int] = []
    for _ in range(400):
        deck.press("step_on", NOW)
        shown.append(deck.moment(ClusterView(), NOW)[1])
        fact = deck.line(NOW).fact
        assert fact is not None
    assert shown == sorted(shown)


def test_before_the_beginning_stands_the_earliest_picture() -> None:
    reel = tape()
    assert not has_picture(reel.view(reel.first)), "it begins before anybody spoke"
    player, said = seek(Player(), reel.begin_us - 60_000_000, reel, NOW)
    assert player.spot is not None
    assert has_picture(reel.view(player.spot.seq))
    assert not has_picture(reel.view(player.spot.seq - 1))
    assert said == "this is the earliest moment kept"
    assert press(player, "step_back", reel, NOW)[1] == "this is the earliest fact kept"
