"""Faults: at once where the cluster is ours, after a question where it is not, never for a looker."""

from __future__ import annotations

import pytest

from tests.tui.driving.test_wheel import letters
from tests.tui.story import DEAD
from tests.tui.test_app import FakeHands, dashboard, see, see_text, shown
from tui.acts import NO_PROCESS
from tui.driving.options import Options


def ready() -> FakeHands:
    hands = FakeHands()
    hands.go.set()
    return hands


async def test_links_are_cut_split_and_mended_by_command() -> None:
    hands = ready()
    app = dashboard(hands=hands)
    async with app.run_test(size=(80, 24)) as pilot:
        await see_text(pilot, "a add")
        for line in ("cut n1 n3", "partition n1,n2 | n3 n4,n5", "heal", "undo"):
            await pilot.press("colon", *letters(line), "enter")
        await see(pilot, lambda: len(hands.done) == 4)
    assert hands.done[:4] == ["cut n1 n3", "partition n1,n2", "heal", "undo"]


async def test_a_cluster_of_others_is_hurt_only_after_a_yes() -> None:
    hands = ready()
    app = dashboard(DEAD, hands=hands, options=Options(screen="home", foreign=True))
    async with app.run_test(size=(120, 36)) as pilot:
        await see_text(pilot, "i isolate" if "i isolate" in shown(app) else "u undo")
        assert "k kill" not in shown(app), "its processes are not ours"
        await pilot.press("down", "i")
        await see_text(pilot, "not ours: y does it")
        await pilot.press("2")
        await see_text(pilot, "nothing was done")
        assert app.desk.screen == "home", "the answer is no key besides"
        await pilot.press("i", "y")
        await see(pilot, lambda: hands.done == ["isolate n1"])
        await pilot.press("u")
        await see(pilot, lambda: hands.done == ["isolate n1", "undo"])
        await pilot.press("colon", *letters("cut n1 n2"), "enter")
        await see_text(pilot, "not ours: y does it")
        await pilot.press("n")
        await see_text(pilot, "nothing was done")
    assert hands.done[:2] == ["isolate n1", "undo"]
    assert "cut n1 n2" not in hands.done


async def test_processes_of_others_are_not_even_asked_for() -> None:
    hands = ready()
    app = dashboard(DEAD, hands=hands, options=Options(screen="home", foreign=True))
    async with app.run_test(size=(80, 24)) as pilot:
        await see_text(pilot, "u undo")
        await pilot.press("down")
        for key in ("k", "s", "p", "a"):
            app.say("")
            await pilot.press(key)
            await see_text(pilot, NO_PROCESS)  # whole, in 80 columns
            assert not app.acts.asking
        await pilot.press("y")
        assert hands.done == []


async def test_who_only_looks_is_told_how_to_do_more() -> None:
    app = dashboard(DEAD, options=Options(screen="home"))
    async with app.run_test(size=(120, 36)) as pilot:
        await see_text(pilot, "demo / home")
        await pilot.press("colon", *letters("partition n1"), "enter")
        await see_text(pilot, "looking only")
        await see_text(pilot, "inspect --faults")


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_who_looks_at_the_past_hurts_nothing(size: tuple[int, int]) -> None:
    hands = FakeHands()
    hands.go.set()
    app = dashboard(hands=hands)
    async with app.run_test(size=size) as pilot:
        await see_text(pilot, "u undo")
        await pilot.press("down")
        await see_text(pilot, "k kill")
        await pilot.press("space")
        await see_text(pilot, "FROZEN")
        assert not any(word in shown(app) for word in ("k kill", "i isolate", "u undo", "a add"))
        for keys in ("k", "p", "i", "a", "u"), ("colon", *"heal", "enter"):
            for key in keys:
                app.say("")
                await pilot.press(key)
            await see_text(pilot, "nothing was done: this picture is of the past, L returns")
        assert hands.done == []
        await pilot.press("L", "k")
        await see_text(pilot, "kill n1, done")
    assert hands.done[0] == "kill n1"
