"""What a node told of itself, in lines; what it did not tell is no line."""

from __future__ import annotations

from tests.tui.foreign.erlang.fake import chars
from tui.sources.foreign.erlang.asking import REFUSAL, Answer
from tui.sources.foreign.erlang.portrait import (
    Place,
    Said,
    extras,
    sizes,
    spelled,
    text,
    versions,
    whole,
)
from tui.sources.foreign.erlang.terms import Atom, Map, Record, Term


def test_who_said_nothing_has_no_lines() -> None:
    assert extras(Said()) == ()


def test_each_thing_that_was_said_is_a_line() -> None:
    said = Said(
        run_queue=3,
        processes=1_204,
        processes_max=262_144,
        schedulers=2,
        memory={"total": 20_000_000, "ets": 1_500_000},
        registered=40,
        queues={"code_server": 0, "my_server": 1_700},
        tick_s=60,
        release="27",
        version="15.2.7",
        names=(Place("leader", 1, 1), Place("game:7", 0, 1)),
        names_all=2,
        groups=(Place("chat", 2, 5),),
        groups_all=30,
        applications={"elixir": "1.14.0", "horde": "0.9.0", "kernel": "8.5"},
        mnesia_nodes=("a@h", "b@h"),
        mnesia_tables=4,
    )
    assert dict(extras(said)) == {
        "run queue": "3",
        "processes": "1,204",
        "longest queue": "1,700 at my_server",
        "queues asked": "2 of 40 registered processes",
        "of its memory": "ets 1.5",
        "schedulers": "2; 262,144 processes at most",
        "gives up the silent": "after 45 to 75 s (net_ticktime 60)",
        "Erlang/OTP": "27 (erts 15.2.7)",
        "global names": "2, 1 here: leader",
        "pg groups": "30, 1 of the first 1 here: chat 2/5",
        "Mnesia": "runs on a@h, b@h; 4 tables",
        "Elixir": "1.14.0",
        "also runs": "horde 0.9.0 (what they hold is not read)",
    }


def test_answers_of_another_shape_are_nothing() -> None:
    mixed: list[Term] = [1, (2,), Map(())]
    answers: list[Answer] = [REFUSAL, Atom("undefined"), b"x", 7, [], mixed]
    for odd in answers:
        assert sizes(odd) == {}
        assert versions(odd) == {}
        assert isinstance(text(odd), str)
        assert isinstance(whole(odd, -1), int)


def test_names_of_every_kind_are_spelled() -> None:
    assert spelled(Atom("leader")) == "leader"
    assert spelled((Atom("game"), 7)) == "game:7"
    assert spelled(b"room-1") == "room-1"
    assert spelled(chars("text")) == "text"
    assert spelled((Atom("game"), Record(Atom("shop"), Atom("cart"), (), ()))) == "game:#shop:cart"
    assert spelled(Map(())) == "…"
