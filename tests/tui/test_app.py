"""The app, headless: the story on the screen, keys, faults, freezing, resizing, leaving."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from random import Random

import pytest
from textual.pilot import Pilot

from cluster.lab.witness import LabError
from cluster.model.member import NodeId
from tests.tui.story import DEAD, KILLED, N4, QUIET, story
from tui.acts import Hands
from tui.dashboard import MasterlessApp, Options, Recorded, Source, Take, recorded
from tui.keys import KEYS, SCREENS, valid
from tui.screens.help import IN_WORLDS
from tui.view import ClusterView
from tui.widgets.frameview import FrameView

COLOUR = {"TERM": "xterm-256color", "COLORTERM": "truecolor"}


class FakeHands:
    """Records what it was asked to do; each act waits for `go`."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.go = asyncio.Event()
        self.refuse = ""

    async def _act(self, said: str) -> str:
        await self.go.wait()
        if self.refuse:
            raise LabError(self.refuse)
        self.done.append(said)
        return f"{said}, done"

    async def kill(self, name: NodeId) -> str:
        return await self._act(f"kill {name}")

    async def restart(self, name: NodeId) -> str:
        return await self._act(f"restart {name}")

    async def pause(self, name: NodeId) -> str:
        return await self._act(f"pause {name}")

    async def isolate(self, name: NodeId) -> str:
        return await self._act(f"isolate {name}")

    async def cut(self, a: NodeId, b: NodeId) -> str:
        return await self._act(f"cut {a} {b}")

    async def partition(self, side: tuple[NodeId, ...]) -> str:
        return await self._act(f"partition {','.join(side)}")

    async def heal(self) -> str:
        return await self._act("heal")

    async def add(self) -> str:
        return await self._act("add")

    async def undo(self) -> str:
        return await self._act("undo")

    async def stop(self) -> None:
        self.done.append("stop")


def dashboard(
    until: int = QUIET,
    hands: Hands | None = None,
    environ: dict[str, str] | None = None,
    options: Options | None = None,
) -> MasterlessApp:
    facts = [fact for fact in story() if fact.at <= until]

    async def begin(_take: Take) -> tuple[Source, Hands | None]:
        return Recorded(facts), hands

    return MasterlessApp(
        begin,
        options or Options(screen="ring"),
        now=lambda view: max(view.at, until),
        environ=COLOUR if environ is None else environ,
    )


def shown(app: MasterlessApp) -> str:
    view = app.query_one(FrameView)
    return "\n".join(view.render_line(y).text for y in range(view.size.height))


async def see(pilot: Pilot[int], what: Callable[[], bool]) -> None:
    """Let the app run until something is so."""
    for _ in range(400):
        if what():
            return
        await pilot.pause(0.01)
    app = pilot.app
    assert isinstance(app, MasterlessApp)
    raise AssertionError(f"it never came, the screen shows:\n{shown(app)}")


async def see_text(pilot: Pilot[int], text: str) -> None:
    app = pilot.app
    assert isinstance(app, MasterlessApp)
    await see(pilot, lambda: text in shown(app))


@pytest.mark.parametrize("size", [(120, 36), (80, 24), (200, 60)])
async def test_every_screen_shows_at_every_size(size: tuple[int, int]) -> None:
    app = dashboard(DEAD)
    async with app.run_test(size=size) as pilot:
        await see_text(pilot, "n4")
        for key, screen in (("1", "home"), ("3", "matrix"), ("5", "recovery"), ("2", "ring")):
            await pilot.press(key)
            await see_text(pilot, f"demo / {screen}")
            assert app.desk.screen == screen


async def test_before_the_first_fact_it_says_what_it_waits_for() -> None:
    never = asyncio.Event()

    async def begin(_take: Take) -> tuple[Source, None]:
        await never.wait()
        return Recorded(()), None

    app = MasterlessApp(begin, Options(expected=5), environ=COLOUR)
    async with app.run_test(size=(80, 24)) as pilot:
        await see_text(pilot, "starting n1 of 5…")


async def test_a_cluster_that_cannot_start_ends_the_app_with_its_sentence() -> None:
    async def begin(_take: Take) -> tuple[Source, None]:
        raise LabError("n3 did not start: port 7403 is in use.")

    app = MasterlessApp(begin, Options(expected=5), environ=COLOUR)
    async with app.run_test() as pilot:
        await see(pilot, lambda: app.failure is not None)
    assert str(app.failure) == "n3 did not start: port 7403 is in use."
    assert app.return_value == 1


async def test_parentheses_go_round_the_screens_and_back() -> None:
    app = dashboard()
    async with app.run_test(size=(80, 24)) as pilot:
        await see_text(pilot, "demo / ring")
        for _ in SCREENS:
            await pilot.press("right_parenthesis")
        assert app.desk.screen == "ring"
        await pilot.press("left_parenthesis")
        assert app.desk.screen == "home"


async def test_arrows_choose_a_node_on_every_screen_and_escape_lets_go() -> None:
    app = dashboard()
    async with app.run_test(size=(80, 24)) as pilot:
        await see_text(pilot, "no node chosen")
        await pilot.press("down")
        assert app.desk.selected == "n1"
        await pilot.press("up")
        assert app.desk.selected == "n5"
        await pilot.press("n", "right", "N")
        assert app.desk.selected == "n1"
        await see_text(pilot, "n1  ● alive")
        await pilot.press("1", "escape")
        assert app.desk.selected is None
        assert app.desk.screen == "home"


async def test_enter_looks_at_one_node_and_escape_goes_back_to_where_one_was() -> None:
    app = dashboard()
    async with app.run_test(size=(120, 36)) as pilot:
        await see_text(pilot, "no node chosen")
        await pilot.press("enter")
        await see_text(pilot, "demo / node")
        assert app.desk.selected == "n1"
        await pilot.press("down")
        await see_text(pilot, "n2 is alive for all others")
        await pilot.press("escape")
        await see_text(pilot, "demo / ring")
        assert app.desk.selected == "n2"
        await pilot.press("enter", "right_parenthesis")
        await see_text(pilot, "demo / matrix")


async def test_a_key_is_asked_for_by_name_and_letters_are_letters_while_it_is_typed() -> None:
    app = dashboard(hands=FakeHands())
    async with app.run_test(size=(120, 36)) as pilot:
        await see_text(pilot, "a add")
        await pilot.press("K")
        await see_text(pilot, "Which key?")
        await pilot.press("q", "k", "1", "backspace", "colon", "7")
        await see_text(pilot, "key qk:7")
        await pilot.press("enter")
        await see_text(pilot, "demo / key")
        await see_text(pilot, "partition")
        await pilot.press("1")
        await see_text(pilot, "demo / home")
        await pilot.press("9", "x", "escape", "escape")
        await see_text(pilot, "demo / home")
    assert app.desk.selected is None


async def test_a_click_on_a_badge_chooses_its_node_and_another_opens_it() -> None:
    app = dashboard()
    async with app.run_test(size=(120, 36)) as pilot:
        await see_text(pilot, "share of the ring")
        lines = shown(app).splitlines()
        y = next(y for y, line in enumerate(lines) if " n3 " in line[20:60])
        await pilot.click(FrameView, offset=(lines[y].index(" n3 ") + 2, y))
        await see(pilot, lambda: app.desk.selected == "n3")
        await pilot.click(FrameView, offset=(lines[y].index(" n3 ") + 2, y))
        await see_text(pilot, "demo / node")
        assert app.desk.selected == "n3"


async def test_a_key_acts_at_once_and_then_says_what_happened() -> None:
    hands = FakeHands()
    app = dashboard(hands=hands)
    async with app.run_test(size=(80, 24)) as pilot:
        await see_text(pilot, "a add")
        await pilot.press("k")
        await see_text(pilot, "choose a node first")
        await pilot.press("up", "up", "k")
        await see_text(pilot, "▸ killing n4…")
        assert hands.done == []
        hands.go.set()
        await see_text(pilot, "▸ kill n4, done")
        await pilot.press("p", "i", "a", "u")
        await see(pilot, lambda: len(hands.done) == 5)
        assert hands.done[1:] == ["pause n4", "isolate n4", "add", "undo"]


async def test_a_refused_act_says_why() -> None:
    hands = FakeHands()
    hands.refuse = "n4 is not running: press s to start it"
    hands.go.set()
    app = dashboard(DEAD, hands)
    async with app.run_test(size=(80, 24)) as pilot:
        await see_text(pilot, "a add")
        app.desk = type(app.desk)(screen="ring", selected=N4)
        await see_text(pilot, "s start")
        assert "k kill" not in shown(app)
        await pilot.press("k")
        await see_text(pilot, hands.refuse)


async def test_at_most_a_few_acts_wait() -> None:
    hands = FakeHands()
    app = dashboard(hands=hands)
    async with app.run_test(size=(80, 24)) as pilot:
        await see_text(pilot, "a add")
        await pilot.press(*"aaaaaaa")
        await see_text(pilot, "one thing at a time")
        hands.go.set()
        await see(pilot, lambda: len(hands.done) == 4)


async def test_a_cluster_that_is_not_ours_offers_no_faults() -> None:
    app = dashboard()
    async with app.run_test(size=(120, 36)) as pilot:
        await see_text(pilot, "share of the ring")
        await pilot.press("down")
        await see_text(pilot, "n1  ● alive")
        footer = shown(app).splitlines()[-1]
        assert "kill" not in footer
        assert "add" not in footer
        await pilot.press("k")
        await see_text(pilot, "looking only: faults are for clusters")
        await pilot.press("question_mark")
        await see_text(pilot, "keys on this screen")
        assert "kill -9" not in shown(app)


async def test_the_help_lists_every_key_that_is_bound() -> None:
    app = dashboard(hands=FakeHands())
    async with app.run_test(size=(120, 36)) as pilot:
        await see_text(pilot, "a add")
        await pilot.press("question_mark")
        await see_text(pilot, "keys on this screen")
        sheet = shown(app)
        here = [key for key in KEYS if valid(key, "home") and key.action not in IN_WORLDS]
        assert all(key.help in sheet for key in here if key.action not in SCREENS)
        assert all(f"{key.cap} {key.action}" in sheet for key in KEYS if key.action in SCREENS)
        await pilot.press("escape")
        await see(pilot, lambda: "keys on this screen" not in shown(app))
        assert app.desk.screen == "ring"


async def test_freezing_stops_the_picture_and_not_the_cluster() -> None:
    later = [fact for fact in story() if QUIET < fact.at <= DEAD]
    gate = asyncio.Event()

    class Gated:
        async def run(self, take: Take) -> None:
            await Recorded(fact for fact in story() if fact.at <= QUIET).run(take)
            await gate.wait()
            await Recorded(later).run(take)

    async def begin(_take: Take) -> tuple[Source, None]:
        return Gated(), None

    app = MasterlessApp(begin, Options(screen="ring"), now=recorded, environ=COLOUR)
    async with app.run_test(size=(80, 24)) as pilot:
        await see_text(pilot, "5 nodes agree")
        await pilot.press("space")
        await see_text(pilot, "FROZEN")
        gate.set()
        await see(pilot, lambda: app.view.at > KILLED + 1_000_000)
        await pilot.press("down")
        await see_text(pilot, "n1  ● alive")
        assert "5 nodes agree" in shown(app)
        assert "L live" in shown(app)
        await pilot.press("L")
        await see_text(pilot, "n4 killed")
        assert "FROZEN" not in shown(app)


async def test_when_the_facts_end_the_screen_stays_and_says_it_is_not_live() -> None:
    app = dashboard(DEAD)
    async with app.run_test(size=(80, 24)) as pilot:
        await see_text(pilot, "NOT LIVE")
        await see_text(pilot, "n4 killed")


@pytest.mark.parametrize("screen", ["ring", "home", "matrix", "recovery"])
async def test_without_colour_nothing_crashes_and_states_are_words(screen: str) -> None:
    app = dashboard(DEAD, environ={"NO_COLOR": "1", "TERM": "xterm-256color"})
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press({"home": "1", "ring": "2", "matrix": "3", "recovery": "5"}[screen])
        await see_text(pilot, f"demo / {screen}")
        await see_text(pilot, "dead")
        view = app.query_one(FrameView)
        styles = [s.style for y in range(24) for s in view.render_line(y)]
        assert all(style is not None and style.bgcolor is not None for style in styles)
        assert all(style and style.color and style.color.is_default for style in styles)


async def test_any_sequence_of_sizes_and_keys_is_survived() -> None:
    random = Random(20260101)
    app = dashboard(DEAD, FakeHands())
    keys = ["1", "2", "3", "5", "6", "tab", "down", "space", "question_mark", "escape", "N"]
    async with app.run_test(size=(80, 24)) as pilot:
        await see_text(pilot, "a add")
        for _ in range(25):
            await pilot.resize_terminal(random.randint(1, 240), random.randint(1, 70))
            await pilot.press(keys[random.randrange(len(keys))])
        await pilot.resize_terminal(39, 11)
        await see_text(pilot, "make this larger")
        await pilot.resize_terminal(80, 24)
        await see_text(pilot, "q quit")


async def test_leaving_stops_what_was_started() -> None:
    hands = FakeHands()
    app = dashboard(hands=hands)
    async with app.run_test(size=(80, 24)) as pilot:
        await see_text(pilot, "a add")
        await pilot.press("q")
        await see(pilot, lambda: hands.done == ["stop"])
    assert app.return_value == 0


async def test_rows_that_did_not_change_are_not_repainted() -> None:
    app = dashboard()
    async with app.run_test(size=(120, 36)) as pilot:
        await see_text(pilot, "share of the ring")
        view = app.query_one(FrameView)
        frame = app.frame(app.scene(QUIET), 120, 36)
        view.show(frame)
        strips = [view.render_line(y) for y in range(36)]
        before = view.rows_changed
        other = frame.copy()
        other.text(3, 7, "x")
        view.show(other)
        assert view.rows_changed == before + 1
        assert [y for y in range(36) if view.render_line(y) is not strips[y]] == [7]


async def test_an_empty_view_is_never_live() -> None:
    app = dashboard()
    assert not app.scene(1).live
    assert app.scene(1).view == ClusterView()


async def test_from_the_key_that_quits_on_the_last_picture_stands() -> None:
    hands = FakeHands()
    stopping = asyncio.Event()

    async def stop() -> None:
        await stopping.wait()

    hands.stop = stop  # type: ignore[method-assign]
    app = dashboard(hands=hands)
    async with app.run_test(size=(120, 36)) as pilot:
        await see(pilot, lambda: bool(app.view.nodes) and not app.facts)
        await pilot.press("q")
        before = app.view
        app.facts.extend(fact for fact in story() if QUIET < fact.at <= DEAD)
        await see_text(pilot, "stopping the nodes")
        await pilot.pause(0.1)
        assert app.view is before
        stopping.set()


async def test_what_is_done_as_the_picture_freezes_says_that_it_is_not_shown() -> None:
    hands = FakeHands()
    app = dashboard(hands=hands)
    async with app.run_test(size=(120, 36)) as pilot:
        await see_text(pilot, "no node chosen")
        await pilot.press("down", "k", "space")
        await see_text(pilot, "FROZEN")
        hands.go.set()
        await see_text(pilot, "kill n1, done; this picture is of the past, L returns to live")


async def test_the_compare_screen_chooses_schedules_and_hurts_nobody() -> None:
    hands = FakeHands()
    app = dashboard(hands=hands)
    async with app.run_test(size=(120, 36)) as pilot:
        await see_text(pilot, "a add")
        await pilot.press("7", "up")
        await see_text(pilot, "▸pause-master")
        assert app.desk.selected is None
        await pilot.press("k")
        await see_text(pilot, "1 goes back to the live one")
        await pilot.press("question_mark")
        await see_text(pilot, "play the chosen schedule")
        assert "choose the next schedule" in shown(app)
        assert "kill -9" not in shown(app)
        await pilot.press("escape", "escape")
        assert app.desk.screen == "home"
    assert hands.done == ["stop"] or hands.done == []
