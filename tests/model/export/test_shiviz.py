"""Traces as ShiViz reads them: its two-line form, and clocks that prove what they order."""

from __future__ import annotations

import json
import re

from cluster.config import DEMO
from cluster.model.export.shiviz import PARSER, shiviz_log
from cluster.model.facts import Fact, MessageReceived, MessageSent, NodeStopped, Payload
from cluster.model.member import NodeId
from cluster.protocol.messages import PutRequest
from tests.world import World

Clock = dict[str, int]


def fact(node: str, seq: int, at: int, payload: Payload) -> Fact:
    return Fact(NodeId(node), 1, seq, at, at, payload)


def sent(number: int, to: str, **more: str) -> MessageSent:
    return MessageSent(number, NodeId(to), "ping", 0, **more)  # pyright: ignore[reportArgumentType]


def received(sender: str, number: int) -> MessageReceived:
    return MessageReceived(NodeId(sender), 1, number, "ping")


def parsed(log: str) -> list[tuple[str, Clock, str]]:
    """As ShiViz would: with the regular expression of the first line."""
    pattern, empty, rest = log.split("\n", 2)
    assert empty == ""
    found = re.findall(pattern.replace("?<", "?P<"), rest)
    assert len(found) * 2 == rest.count("\n")
    return [(host, json.loads(clock), event) for host, clock, event in found]


def below(a: Clock, b: Clock) -> bool:
    return a != b and all(count <= b.get(host, 0) for host, count in a.items())


def test_a_message_orders_its_ends_and_nothing_else() -> None:
    log = shiviz_log(
        [
            fact("n1", 1, 10, sent(1, "n2")),
            fact("n3", 1, 11, sent(1, "n1")),
            fact("n2", 1, 12, received("n1", 1)),
            fact("n2", 2, 13, sent(7, "n3")),
            fact("n3", 2, 14, received("n2", 7)),
        ]
    )
    assert log.startswith(PARSER + "\n\n")
    assert parsed(log) == [
        ("n1", {"n1": 1}, "sends ping 1 to n2"),
        ("n3", {"n3": 1}, "sends ping 1 to n1"),
        ("n2", {"n1": 1, "n2": 1}, "receives ping 1 from n1"),
        ("n2", {"n1": 1, "n2": 2}, "sends ping 7 to n3"),
        ("n3", {"n1": 1, "n2": 2, "n3": 2}, "receives ping 7 from n2"),
    ]


def test_clocks_of_nodes_that_disagree_about_the_time_do_not_break_the_order() -> None:
    log = shiviz_log([fact("n2", 1, 5, received("n1", 1)), fact("n1", 1, 900, sent(1, "n2"))])
    assert [host for host, _, _ in parsed(log)] == ["n1", "n2"]


def test_a_message_whose_sending_is_not_known_is_an_event_of_its_receiver_alone() -> None:
    log = shiviz_log([fact("n2", 1, 5, received("n1", 1))])
    assert parsed(log) == [("n2", {"n2": 1}, "receives ping 1 from n1")]


def test_facts_that_contradict_each_other_stop_nothing() -> None:
    """Two nodes that each received before the other sent cannot be; both are told all the same."""
    facts = [
        fact("n1", 1, 1, received("n2", 1)),
        fact("n1", 2, 2, sent(1, "n2")),
        fact("n2", 1, 1, received("n1", 1)),
        fact("n2", 2, 2, sent(1, "n1")),
    ]
    assert len(parsed(shiviz_log(facts))) == 4


def test_what_happens_inside_a_node_is_told_when_asked_for() -> None:
    facts = [fact("n1", 1, 1, NodeStopped("two\nlines"))]
    assert shiviz_log(facts) == PARSER + "\n\n"
    ((host, clock, event),) = parsed(shiviz_log(facts, messages_only=False))
    assert (host, clock) == ("n1", {"n1": 1})
    assert event.startswith("node.stop ")


def test_a_fact_told_twice_is_one_event() -> None:
    one = fact("n1", 1, 1, sent(1, "n2", key="k", about="n3"))
    assert parsed(shiviz_log([one, one])) == [("n1", {"n1": 1}, "sends ping 1 to n2 of k about n3")]


def test_a_real_trace_gives_each_host_a_count_without_gaps_and_sends_below_receives() -> None:
    world = World(4, seed=5, config=DEMO)
    world.until(world.agreed, 5, "a ring")
    for i in range(10):
        world.call("n1", PutRequest(b"key%d" % i, b"v"))
    world.kill("n3")
    world.run(2)
    events = parsed(shiviz_log(world.facts))
    assert len(events) > 300
    counts: Clock = {}
    sends: dict[tuple[str, str], Clock] = {}
    joined = 0
    for host, clock, event in events:
        counts[host] = counts.get(host, 0) + 1
        assert clock[host] == counts[host]
        words = event.split()
        if words[0] == "sends":
            sends[host, words[2]] = clock
        elif (before := sends.get((words[-1], words[2]))) is not None:
            joined += 1
            assert below(before, clock)
    assert joined > 100
