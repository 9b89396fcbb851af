"""The adapter, line by line: what Maelstrom's protocol asks of any node."""

from __future__ import annotations

from random import Random
from typing import Any

import msgspec
import pytest

from cluster.config import MS, SECOND
from cluster.maelstrom.adapter import Adapter, Workload
from cluster.maelstrom.lines import Code

NOW = 1_000_000_000 * SECOND


class Talk:
    """A node alone, asked by one client."""

    def __init__(self, workload: Workload = "broadcast", nodes: tuple[str, ...] = ("n1",)) -> None:
        self.complaints: list[str] = []
        self.adapter = Adapter(workload, Random(1), complain=self.complaints.append)
        self.nodes = nodes
        self.now = NOW
        self.msg_id = 0

    def raw(self, data: bytes) -> list[dict[str, Any]]:
        return [msgspec.json.decode(line) for line in self.adapter.take(data, self.now)]

    def ask(self, **body: object) -> dict[str, Any]:
        self.msg_id += 1
        line = {"src": "c1", "dest": "n1", "body": {**body, "msg_id": self.msg_id}}
        answers = [a for a in self.raw(msgspec.json.encode(line)) if a["dest"] == "c1"]
        assert len(answers) == 1
        assert answers[0]["src"] in ("n1", "")
        assert answers[0]["body"]["in_reply_to"] == self.msg_id
        return answers[0]["body"]

    def init(self) -> Talk:
        assert self.ask(type="init", node_id="n1", node_ids=self.nodes)["type"] == "init_ok"
        return self


def test_init_is_answered_at_once_by_a_node_alone() -> None:
    Talk().init()


def test_init_waits_for_the_others_but_not_for_ever() -> None:
    talk = Talk()
    body = {"type": "init", "msg_id": 1, "node_id": "n1", "node_ids": ["n1", "n2"]}
    lines = talk.raw(msgspec.json.encode({"src": "c0", "dest": "n1", "body": body}))
    assert not [line for line in lines if line["dest"] == "c0"]
    due = talk.adapter.due()
    answered: list[dict[str, Any]] = []
    while due is not None and not answered:
        talk.now = due
        lines = map(msgspec.json.decode, talk.adapter.tick(due))
        answered = [line for line in lines if line["dest"] == "c0"]
        due = talk.adapter.due()
    assert answered[0]["body"]["type"] == "init_ok"
    assert talk.now <= NOW + 3 * SECOND


@pytest.mark.parametrize("payload", [1, "text", None, [1, {"a": [True, 1.5]}], {"ü": "\n"}])
def test_an_echo_comes_back_unchanged_whatever_it_is(payload: object) -> None:
    answer = Talk("echo").init().ask(type="echo", echo=payload)
    assert answer["type"] == "echo_ok"
    assert answer["echo"] == payload


@pytest.mark.parametrize("payload", [1, "text", None, [1, {"a": [True, 1.5]}], {"ü": "\n"}])
def test_a_broadcast_of_any_json_is_read_back_unchanged(payload: object) -> None:
    talk = Talk().init()
    assert talk.ask(type="read")["messages"] == []
    assert talk.ask(type="broadcast", message=payload)["type"] == "broadcast_ok"
    assert talk.ask(type="read")["messages"] == [payload]


@pytest.mark.parametrize(
    "payload", [1, -3, 2**60, "1", "text", None, True, 1.5, [1, {"a": [True, 1.5]}], {"ü": "\n"}]
)
def test_an_element_of_any_json_is_read_back_unchanged(payload: object) -> None:
    talk = Talk("g-set").init()
    assert talk.ask(type="read")["value"] == []
    for _ in range(2):
        assert talk.ask(type="add", element=payload)["type"] == "add_ok"
    assert talk.ask(type="read")["value"] == [payload]
    assert talk.ask(type="add", element=[payload])["type"] == "add_ok"
    assert len(talk.ask(type="read")["value"]) == 2


def test_a_counter_counts_down_only_where_it_may() -> None:
    up, both = Talk("g-counter").init(), Talk("pn-counter").init()
    assert both.ask(type="read")["value"] == 0
    assert up.ask(type="add", delta=3)["type"] == "add_ok"
    assert up.ask(type="add", delta=-1)["code"] == 12
    assert both.ask(type="add", delta=-5)["type"] == "add_ok"
    assert (up.ask(type="read")["value"], both.ask(type="read")["value"]) == (3, -5)


def test_an_amount_that_json_cannot_say_exactly_is_malformed() -> None:
    talk = Talk("pn-counter").init()
    for delta in (2**60, -(2**60), 1.5, "1", None):
        assert talk.ask(type="add", delta=delta)["code"] == 12
    assert talk.ask(type="read")["value"] == 0


def test_unique_ids_of_two_lives_of_a_node_differ() -> None:
    first, second = Talk("unique-ids"), Talk("unique-ids")
    second.now += MS
    ids = [talk.ask(type="generate")["id"] for talk in (first.init(), second.init(), first)]
    assert len(set(ids)) == 3


def test_topology_is_acknowledged() -> None:
    talk = Talk().init()
    assert talk.ask(type="topology", topology={"n1": ["n2"]})["type"] == "topology_ok"


# --- errors ----------------------------------------------------------------------------------------


def test_a_request_before_init_is_refused_as_certainly_not_done() -> None:
    error = Talk().ask(type="read")
    assert (error["type"], error["code"]) == ("error", 11)


def test_an_unknown_request_is_not_supported() -> None:
    assert Talk().init().ask(type="dance")["code"] == 10


def test_a_request_of_another_workload_is_not_supported() -> None:
    assert Talk("echo").init().ask(type="read")["code"] == 10


def test_a_request_without_its_field_is_malformed() -> None:
    talk = Talk().init()
    assert talk.ask(type="echo")["code"] == 12
    assert talk.ask(type="broadcast")["code"] == 12
    assert talk.ask(type="topology", topology=3)["code"] == 12


def test_a_second_init_is_refused() -> None:
    assert Talk().init().ask(type="init", node_id="n1", node_ids=["n1"])["code"] == 22


def test_a_node_that_is_not_in_the_list_is_refused() -> None:
    assert Talk().ask(type="init", node_id="n1", node_ids=["n2"])["code"] == 12


@pytest.mark.parametrize(
    "line",
    [b"", b"{", b"[]", b"\xff\xfe", b'{"src":"c1"}', b'{"src":1,"dest":2,"body":{}}', b"[" * 5_000],
)
def test_what_is_no_message_is_complained_of_and_dropped(line: bytes) -> None:
    talk = Talk().init()
    assert talk.raw(line) == []
    assert len(talk.complaints) == 1


def test_a_packet_of_nonsense_between_nodes_is_complained_of_and_dropped() -> None:
    talk = Talk().init()
    body = {"type": "masterless", "packet": "bm9uc2Vuc2U="}
    assert talk.raw(msgspec.json.encode({"src": "n2", "dest": "n1", "body": body})) == []
    assert len(talk.complaints) == 1


def test_a_late_answer_is_not_taken_for_a_request() -> None:
    body = {"type": "read_ok", "in_reply_to": 7}
    line = msgspec.json.encode({"src": "c1", "dest": "n1", "body": body})
    assert Talk().init().raw(line) == []


def test_only_a_timeout_and_a_crash_leave_open_what_happened() -> None:
    assert [code for code in Code if not code.definite] == [Code.TIMEOUT, Code.CRASH]
    assert {int(code) for code in Code} == {0, 1, 10, 11, 12, 13, 14, 20, 21, 22, 30}
