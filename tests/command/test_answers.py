"""What `kv` and `status` make of a node's words, without any node."""

from __future__ import annotations

from argparse import ArgumentTypeError

import pytest
from msgspec.structs import replace

import masterless
from cluster.api.updates import update_from
from cluster.model.member import NodeId
from tests.tui.story import DEAD, KILLED, QUIET, SECOND, removed_story, view_at
from tui.command.arguments import address
from tui.command.keys import change
from tui.text.answers import Answer, kv_notes, kv_value
from tui.text.status import Watch, status, status_text, to_json
from tui.view import NodeView

HELLO = Answer("get", 200, '{"outcome":"ok"}', "ga1u", b"hello")


@pytest.mark.parametrize(
    "text", ["http://127.0.0.1:7400", "http://127.0.0.1:7400/", "127.0.0.1:7400/", "7400"]
)
def test_an_address_is_taken_as_up_prints_it(text: str) -> None:
    assert address(text) == "127.0.0.1:7400"


@pytest.mark.parametrize("text", ["http://127.0.0.1:7400/x", "http://", "ws://a:1", "https://a:1"])
def test_what_is_no_window_is_refused(text: str) -> None:
    with pytest.raises(ArgumentTypeError):
        address(text)


def test_a_value_ends_its_line_only_on_a_terminal() -> None:
    assert kv_value(HELLO, for_eyes=True) == b"hello\n"
    assert kv_value(HELLO, for_eyes=False) == b"hello"
    assert kv_notes(HELLO) == ['proof: {"outcome":"ok"}', "context: ga1u"]


def update(*words: str) -> list[str]:
    return ["kv", "update", "k", "--at", "127.0.0.1:1", *words]


@pytest.mark.parametrize(
    ("words", "body"),
    [
        (["--type", "counter", "--add", "-5"], '{"add": -5}'),
        (["--type", "set", "--add", "5", '"5"', "05", "1.5", "a"], '{"add": [5, "5", "05", "1.5", "a"]}'),
        (["--type", "set", "--remove", "5"], '{"remove": [5]}'),
        (["--type", "lww", "--set", "7"], '{"set": 7}'),
        (["--type", "register", "--set", '"'], r'{"set": "\""}'),
        (["--type", "map", "--field", "f", "--add", "1"], '{"field": "f", "type": "counter", "add": 1}'),
        (["--type", "map", "--field", "f", "--remove"], '{"remove": "f"}'),
    ],
)  # fmt: skip
def test_what_is_typed_as_a_number_is_the_number_that_the_window_takes(
    words: list[str], body: str
) -> None:
    called = update(*words)
    sent = change(masterless.parser(called, "masterless").parse_args(called))
    assert sent.decode() == body
    assert update_from(words[1], sent)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--type", "counter", "--add", "1.5"], "a counter is changed by --add and one whole number"),
        (["--type", "counter", "--add", "1", "2"], "one whole number"),
        (["--type", "counter", "--field", "x", "--add", "1"], "only a map has fields"),
        (["--type", "set", "--field-type", "set", "--add", "1"], "only a map has fields"),
        (["--type", "set", "--remove"], "its elements"),
        (["--type", "register", "--add", "1"], "a register is changed by --set"),
        (["--type", "map", "--remove", "score"], "which field of the map?"),
        (["--type", "map", "--add", "1"], "which field of the map?"),
        (["--type", "map", "--field", "f", "--set", "a"], "a field that holds a counter (--field-type)"),
    ],
)  # fmt: skip
def test_an_update_that_makes_no_sense_is_one_sentence(
    words: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert masterless.main(update(*words)) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert says in said.err
    assert len(said.err.splitlines()) == 1


def test_the_command_has_the_name_it_was_called_by(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MASTERLESS_PROG", "./demo.sh")
    with pytest.raises(SystemExit):
        masterless.main(["--help"])
    said = capsys.readouterr().out
    assert "usage: ./demo.sh" in said
    assert "  ./demo.sh up 3" in said
    assert masterless.main(["status", "127.0.0.1:1"]) == 3
    assert capsys.readouterr().err.startswith("./demo.sh: no node answers")


def test_status_is_fine_only_while_nobody_is_away() -> None:
    assert status(view_at(QUIET), QUIET).fine
    dead = status(view_at(DEAD), DEAD)
    assert dead.agree
    assert not dead.fine
    removed = KILLED + 14 * SECOND
    off = status(view_at(removed, removed_story), removed)
    assert not off.fine
    assert "n4" in off.verdict


def test_whoever_keeps_status_from_being_fine_is_named() -> None:
    """Also one whom the verdict passes over, for nobody believes anything of it any more."""
    view = view_at(QUIET)
    n9 = NodeId("n9")
    told = status(replace(view, nodes={**view.nodes, n9: NodeView(n9)}), QUIET)
    assert told.agree
    assert not told.fine
    assert told.verdict.startswith("5 nodes agree. Every key has 3 of 3 owners.")
    assert told.verdict.endswith(" n9 is silent.")
    assert "silent" not in status(view, QUIET).verdict


def test_keys_without_a_quorum_are_not_fine_though_all_agree() -> None:
    view = view_at(QUIET)
    nodes = {
        name: replace(node, filling_partitions=tuple(range(64)) if name != "n1" else ())
        for name, node in view.nodes.items()
    }
    said = status(replace(view, nodes=nodes), QUIET)
    assert said.agree
    assert not said.fine


def test_a_node_that_does_not_report_says_nothing() -> None:
    n4 = next(node for node in status(view_at(DEAD), DEAD).nodes if node.name == "n4")
    assert (n4.keys, n4.hints, n4.filling, n4.faults) == (None, None, None, None)
    assert '"keys":null,"hints":null' in to_json(n4)


def test_faults_in_force_are_shown_and_are_no_trouble() -> None:
    view = view_at(QUIET)
    n2 = NodeId("n2")
    hurt = replace(view.nodes[n2], faults=("cut from n1",))
    said = status(replace(view, nodes={**view.nodes, n2: hurt}), QUIET)
    assert said.fine
    assert said.nodes[1].faults == ["cut from n1"]
    assert "faults in force at n2: cut from n1" in status_text(said)


def test_share_is_rounded_as_on_the_dashboard() -> None:
    said = status(view_at(QUIET), QUIET)
    node = replace(said.nodes[0], share=41 / 192)
    row = status_text(replace(said, nodes=[node]))[2]
    assert "21.4%" in row


def test_watch_is_silent_while_only_seconds_count() -> None:
    watch = Watch()
    said = replace(status(view_at(DEAD), DEAD), verdict="n4 died 3.2 s ago. 2 of 3 owners.")
    assert watch.is_news(said)
    first = watch.block(said, DEAD)
    assert first[1] == said.verdict
    assert not watch.is_news(replace(said, verdict="n4 died 1 min 3 s ago. 2 of 3 owners."))
    changed = replace(said, verdict="n4 died 1 min 3 s ago. 1 of 3 owners.")
    assert watch.is_news(changed)
    assert watch.block(changed, DEAD)[0] == ""
