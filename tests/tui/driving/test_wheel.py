"""The command line and the filter in the app: what is typed is shown, and done."""

from __future__ import annotations

from textual.events import Key

from tests.tui.story import DEAD
from tests.tui.test_app import FakeHands, dashboard, see, see_text, shown
from tui.driving.options import Options
from tui.scene import clock
from tui.widgets.frameview import FrameView


def letters(text: str) -> list[str]:
    return ["space" if c == " " else c for c in text]


async def test_a_command_is_typed_completed_and_done() -> None:
    app = dashboard(DEAD)
    async with app.run_test(size=(120, 36)) as pilot:
        await see_text(pilot, "no node chosen")
        await pilot.press("colon", "m", "a")
        await see_text(pilot, ":ma")
        await pilot.press("tab", "enter")
        await see_text(pilot, "demo / matrix")
        await pilot.press("colon", *letters("node n2"), "enter")
        await see_text(pilot, "demo / node")
        assert app.desk.selected == "n2"


async def test_letters_of_a_command_are_not_keys() -> None:
    hands = FakeHands()
    app = dashboard(hands=hands)
    async with app.run_test(size=(80, 24)) as pilot:
        await see_text(pilot, "a add")
        await pilot.press("down", "colon", *letters("q k 3 a"))
        await see_text(pilot, ":q k 3 a")
        assert app.desk.screen == "ring"
        await pilot.press("escape")
        await see_text(pilot, "k kill")
        assert hands.done == []


async def test_a_fault_by_command_needs_no_chosen_node() -> None:
    hands = FakeHands()
    hands.go.set()
    app = dashboard(hands=hands)
    async with app.run_test(size=(80, 24)) as pilot:
        await see_text(pilot, "a add")
        await pilot.press("colon", *letters("kill n3"), "enter")
        await see(pilot, lambda: hands.done == ["kill n3"])
        await pilot.press("colon", *letters("kill n9"), "enter")
        await see_text(pilot, "there is no node 'n9'")


async def test_a_filter_shows_while_it_is_typed_and_says_what_it_hides() -> None:
    app = dashboard(DEAD, options=Options(screen="events"))
    async with app.run_test(size=(120, 36)) as pilot:
        await see_text(pilot, "what happened")
        await pilot.press("slash", *"dead")
        await see_text(pilot, "hidden")
        rows = [line for line in shown(app).splitlines()[4:-2] if line.strip()]
        assert rows
        assert all("dead" in row for row in rows)
        await pilot.press("enter")
        await see_text(pilot, "events  /dead")
        await pilot.press("1")
        await see_text(pilot, "nodes: ")
        await pilot.press("escape")
        await see(pilot, lambda: "hidden" not in shown(app))
        assert app.desk.sieve == ""


async def test_escape_while_a_filter_is_typed_shows_all() -> None:
    app = dashboard(DEAD, options=Options(screen="events"))
    async with app.run_test(size=(80, 24)) as pilot:
        await see_text(pilot, "what happened")
        await pilot.press("slash", "x", "q", "escape")
        await see(pilot, lambda: "hidden" not in shown(app))
        assert app.desk.sieve == ""


async def test_a_moment_is_looked_at_by_its_time() -> None:
    app = dashboard(DEAD)
    async with app.run_test(size=(120, 36)) as pilot:
        await see_text(pilot, "no node chosen")
        moment = clock(app.seen(), DEAD - 2_000_000)
        await pilot.press("colon", *letters(f"at {moment}"), "enter")
        await see_text(pilot, f"FROZEN  {moment}")
        await pilot.press("colon", *letters("live"), "enter")
        await see(pilot, lambda: "FROZEN" not in shown(app))


async def test_other_shapes_come_at_once() -> None:
    app = dashboard(DEAD, options=Options(screen="home"))
    async with app.run_test(size=(120, 36)) as pilot:
        await see_text(pilot, "● alive")
        await pilot.press("colon", *letters("glyphs ascii"), "enter")
        await see_text(pilot, "o alive")


async def test_without_colours_the_picture_is_the_same_in_weight_and_words() -> None:
    app = dashboard(DEAD, options=Options(screen="home"))
    async with app.run_test(size=(120, 36)) as pilot:
        await see_text(pilot, "● alive")
        assert app.worn.depth == "truecolor"
        await pilot.press("colon", *letters("theme mono"), "enter")
        await see(pilot, lambda: app.worn.depth == "none")
        styles = [s.style for s in app.query_one(FrameView).render_line(1)]
        assert all(style and style.color and style.color.is_default for style in styles)
        await pilot.press("colon", *letters("theme dark"), "enter")
        await see(pilot, lambda: app.worn.depth == "truecolor")


async def test_a_key_right_after_a_command_is_a_key_again_however_fast_it_comes() -> None:
    app = dashboard(DEAD)
    async with app.run_test(size=(120, 36)) as pilot:
        await see_text(pilot, "no node chosen")
        for key in ("colon", *"matrix", "enter", "1"):
            app.post_message(Key(key, {"colon": ":", "enter": "\r"}.get(key, key)))
        await see_text(pilot, "demo / home")
        assert app.desk.screen == "home"


async def test_a_command_that_works_takes_the_last_ones_error_away() -> None:
    app = dashboard(DEAD)
    async with app.run_test(size=(120, 36)) as pilot:
        await see_text(pilot, "no node chosen")
        for wrong, said in (("node n99", "there is no node 'n99'"), ("at 25:00", "25:00")):
            await pilot.press("colon", *letters(wrong), "enter")
            await see(pilot, lambda said=said: said in shown(app).splitlines()[-2])
            await pilot.press("colon", *letters("theme light"), "enter")
            await see(pilot, lambda said=said: said not in shown(app).splitlines()[-2])
        moment = clock(app.seen(), app.seen().now, 0)
        await pilot.press("colon", *letters("at 00:00:01"), "enter")
        await see_text(pilot, "earliest moment kept")
        await pilot.press("colon", *letters(f"at {moment}"), "enter")
        await see(pilot, lambda: "earliest moment kept" not in shown(app))


async def test_a_command_leaves_the_word_on_what_is_being_done() -> None:
    hands = FakeHands()
    app = dashboard(hands=hands)
    async with app.run_test(size=(120, 36)) as pilot:
        await see_text(pilot, "a add")
        await pilot.press("colon", *letters("kill n3"), "enter")
        await see_text(pilot, "killing n3…")
        before = app.worn
        await pilot.press("colon", *letters("theme light"), "enter")
        await see(pilot, lambda: "killing n3…" in shown(app) and app.worn != before)
        hands.go.set()


async def test_a_line_typed_before_the_terminal_was_ours_is_entered_by_its_line_feed() -> None:
    app = dashboard(DEAD)
    async with app.run_test(size=(120, 36)) as pilot:
        await see_text(pilot, "no node chosen")
        await pilot.press("colon", *letters("matrix"), "ctrl+j")
        await see_text(pilot, "demo / matrix")
        await pilot.press("9", *letters("room"), "ctrl+j")
        await see(pilot, lambda: not app.asker.typing and app.asker.seen.key == "room")
