"""A line while it is typed: editing, history, completion."""

from __future__ import annotations

from random import Random

from tui.driving.console import Console
from tui.driving.line import HISTORY_MAX, LINE_MAX, Line


def offer(text: str) -> tuple[str, ...]:
    words = ("kill n1", "kill n2", "kill n3", "matrix")
    return tuple(word for word in words if word.startswith(text))


def at_work(text: str = "") -> Console:
    console = Console(offer)
    console.open(":")
    for character in text:
        console.key(character, character)
    return console


def shown(console: Console) -> str:
    return "closed" if console.line is None else console.line.text


def test_what_is_entered_is_given_back_and_nothing_is_open() -> None:
    console = at_work("live")
    entered = console.key("enter", "\r")
    assert entered is not None
    assert (entered.kind, entered.text) == (":", "live")
    assert console.line is None


def test_letters_go_in_where_the_cursor_stands() -> None:
    console = at_work("kil n4")
    for _ in range(3):
        console.key("left", None)
    console.key("l", "l")
    assert shown(console) == "kill n4"
    console.key("ctrl+w", None)
    assert shown(console) == " n4"
    console.key("end", None)
    console.key("backspace", None)
    assert shown(console) == " n"


def test_escape_and_erasing_past_the_beginning_give_up() -> None:
    console = at_work("x")
    console.key("escape", None)
    assert console.line is None
    console = at_work("x")
    console.key("backspace", None)
    assert shown(console) == ""
    console.key("backspace", None)
    assert console.line is None


def test_up_and_down_walk_through_what_was_entered_and_back_to_what_was_typed() -> None:
    console = at_work("one")
    console.key("enter", None)
    console.open(":")
    for character in "two":
        console.key(character, character)
    console.key("enter", None)
    console.open(":")
    console.key("t", "t")
    seen = [console.key(key, None) or shown(console) for key in ("up", "up", "up", "down", "down")]
    assert seen == ["two", "one", "one", "two", "t"]


def test_tab_walks_through_what_the_line_may_become() -> None:
    console = at_work("k")
    seen = [console.key("tab", None) or shown(console) for _ in range(4)]
    assert seen == ["kill n1", "kill n2", "kill n3", "kill n1"]
    console.key("shift+tab", None)
    assert shown(console) == "kill n3"


def test_the_only_thing_it_may_become_is_followed_by_a_space() -> None:
    console = at_work("ma")
    console.key("tab", None)
    assert shown(console) == "matrix "


def test_a_filter_is_not_completed_and_has_a_history_of_its_own() -> None:
    console = at_work("kill n1")
    console.key("enter", None)
    console.open("/")
    console.key("k", "k")
    console.key("tab", None)
    console.key("up", None)
    assert shown(console) == "k"


def test_lines_and_histories_are_bounded() -> None:
    console = Console(offer)
    for number in range(HISTORY_MAX + 20):
        console.open(":")
        console.paste(f"{number}\n" * 100)
        assert console.line is not None
        assert len(console.line.text) <= LINE_MAX
        console.key("enter", None)
    assert len(console.history[":"]) == HISTORY_MAX


def test_any_keys_leave_a_line_whose_cursor_is_in_it() -> None:
    random = Random(7)
    keys = ["left", "right", "home", "end", "backspace", "delete", "tab", "shift+tab", "up", "down",
            "ctrl+w", "ctrl+u", "k", "i", "space", "enter", "f5"]  # fmt: skip
    console = Console(offer)
    for step in range(5_000):
        if console.line is None:
            console.open("/" if step % 3 == 0 else ":")
        key = random.choice(keys)
        console.key(key, key if len(key) == 1 else " " if key == "space" else None)
        line = console.line or Line(":")
        assert 0 <= line.cursor <= len(line.text), (step, key)
