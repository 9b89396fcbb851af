"""The mouse on every screen, and tab for those who have none: both go by the same regions."""

from __future__ import annotations

from textual.events import MouseScrollDown, MouseScrollUp
from textual.pilot import Pilot

from tests.tui.story import DEAD, KILLED, QUIET
from tests.tui.test_app import dashboard, see, see_text, shown
from tests.tui.timeline.test_replay import heard, live
from tui.dashboard import MasterlessApp
from tui.driving.options import Options
from tui.driving.targets import Along, Button, Jump
from tui.keys import SCREENS
from tui.widgets.frameview import FrameView


async def click(pilot: Pilot[int], text: str, *, last: bool = False) -> None:
    """On the first (or last) place where that stands."""
    app = pilot.app
    assert isinstance(app, MasterlessApp)
    await see_text(pilot, text)
    rows = shown(app).splitlines()
    places = [(row.index(text), y) for y, row in enumerate(rows) if text in row]
    await pilot.click(FrameView, offset=places[-1 if last else 0])


async def turn(pilot: Pilot[int], step: int, at: tuple[int, int]) -> None:
    """One notch of the wheel, as the terminal tells of it."""
    view = pilot.app.query_one(FrameView)
    kind = MouseScrollDown if step > 0 else MouseScrollUp
    x, y = at
    view.post_message(kind(view, x, y, 0, step, 0, False, False, False, x, y))
    await pilot.pause()


async def test_every_key_of_the_footer_is_a_button() -> None:
    app = dashboard(DEAD, options=Options(screen="home"))
    async with app.run_test(size=(120, 36)) as pilot:
        await click(pilot, "3 matrix", last=True)
        await see_text(pilot, "demo / matrix")
        await click(pilot, "? keys", last=True)
        await see_text(pilot, "keys on this screen")
        await click(pilot, "? keys", last=True)
        await see(pilot, lambda: not app.desk.help)
        await click(pilot, "5 recovery", last=True)
        await see_text(pilot, "demo / recovery")


async def test_the_narrow_footers_numbers_are_the_views() -> None:
    app = dashboard(DEAD, options=Options(screen="home"))
    async with app.run_test(size=(80, 24)) as pilot:
        await click(pilot, "6 7 8", last=True)
        await see_text(pilot, "demo / events")


async def test_a_click_on_the_time_line_seeks_and_on_live_comes_back() -> None:
    app = live()
    async with app.run_test(size=(120, 36)) as pilot:
        await heard(pilot, app)
        line = app.deck.line(app.present())
        frame = app.frame(app.seen(), 120, 36)
        hit = max((h for h in frame.hits if isinstance(h.target, Along)), key=lambda h: h.width)
        middle = hit.x + hit.width // 2
        await pilot.click(FrameView, offset=(middle, 34))
        await see_text(pilot, "FROZEN")
        half = (line.begin + line.end) // 2
        assert abs(app.seen().now - half) <= (line.end - line.begin) // (hit.width - 1) + 1
        before = app.seen().now
        await turn(pilot, -1, (middle, 34))
        assert app.seen().now < before
        await click(pilot, "FROZEN")
        await see_text(pilot, "● LIVE")


async def test_the_wheel_chooses_nodes_and_scrolls_a_log_and_the_sheet() -> None:
    app = dashboard(DEAD, options=Options(screen="home"))
    async with app.run_test(size=(80, 24)) as pilot:
        await see_text(pilot, "demo / home")
        await turn(pilot, 1, (10, 6))
        await see(pilot, lambda: app.desk.selected == "n1")
        await pilot.press("6")
        await see_text(pilot, "n3  keeps a write for n4: room:9/a321 (10 now)")
        newest = shown(app).splitlines()[21]
        await turn(pilot, -1, (10, 6))
        await see(pilot, lambda: shown(app).splitlines()[21] != newest)
        assert app.desk.scroll == 3
        for _ in range(500):
            app.do("older")
        top = app.desk.scroll
        app.do("older")
        assert app.desk.scroll == top, "the wheel must not run past the first line"
        for _ in range(500):
            app.do("newer")
        await see(pilot, lambda: shown(app).splitlines()[21] == newest)
        await pilot.press("question_mark")
        await see_text(pilot, "more lines below")
        for _ in range(30):
            await turn(pilot, 1, (10, 6))
        await see_text(pilot, "at 14:07:45")


async def test_tab_walks_through_what_is_explained_enter_goes_there_and_backspace_returns() -> None:
    app = dashboard(DEAD, options=Options(screen="home"))
    async with app.run_test(size=(120, 36)) as pilot:
        await see_text(pilot, "n4")
        await pilot.press("tab")
        await see_text(pilot, "enter: ")
        await pilot.press("tab", "tab", "shift+tab", "enter")
        await see(pilot, lambda: app.desk.screen != "home")
        await pilot.press("backspace")
        await see_text(pilot, "demo / home")
        await pilot.press("backspace")
        await see_text(pilot, "nothing was followed")


async def test_escape_returns_from_a_jump_to_the_live_picture() -> None:
    app = live()
    async with app.run_test(size=(120, 36)) as pilot:
        await heard(pilot, app)
        frame = app.frame(app.seen(), 120, 36)
        jump = next(
            hit for hit in frame.hits if isinstance(hit.target, Jump) and hit.target.at > KILLED
        )
        await pilot.click(FrameView, offset=(jump.x, jump.y))
        await see_text(pilot, "demo / flow")
        await see_text(pilot, "FROZEN")
        await pilot.press("escape")
        await see_text(pilot, "demo / home")
        await see_text(pilot, "● LIVE")


async def test_every_screen_has_something_to_click_and_something_that_leads_further() -> None:
    app = dashboard(DEAD)
    async with app.run_test(size=(120, 36)) as pilot:
        await see_text(pilot, "n4")
        for screen in SCREENS:
            app.do(screen)
            frame = app.frame(app.seen(), 120, 36)
            assert any(isinstance(hit.target, Button) for hit in frame.hits), screen
            assert frame.jumps(), screen


async def test_what_lies_under_the_sheet_cannot_be_clicked() -> None:
    app = dashboard(QUIET)
    async with app.run_test(size=(80, 24)) as pilot:
        await see_text(pilot, "n4")
        app.do("help")
        frame = app.frame(app.seen(), 80, 24)
        assert {hit.y for hit in frame.hits} == {23}


async def test_a_moment_is_marked_with_a_word_and_found_again() -> None:
    app = live()
    async with app.run_test(size=(120, 36)) as pilot:
        await heard(pilot, app)
        await pilot.press("m")
        await see_text(pilot, ":mark")
        await pilot.press(*"here", "enter")
        await see_text(pilot, "R saves it")
        assert [mark.label for mark in app.deck.reel.marks if mark.kind == "user"] == ["here"]
        await pilot.press("left_square_bracket", "right_square_bracket")
        await see_text(pilot, "FROZEN")
        await see_text(pilot, "here")
