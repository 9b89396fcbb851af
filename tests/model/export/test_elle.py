"""Histories as elle-cli wants them, against the form of its README and its own example files.

elle-cli itself (a Java archive) was not run here.
"""

from __future__ import annotations

import json
from random import Random
from typing import Any

import pytest

from cluster.model.export.elle import Export, exports
from cluster.model.export.history import Op, Span, history_of, pairs


def span(f: str, asked: object, told: object = None, **more: Any) -> Span:
    begun = more.pop("begun", 0)
    ended = more.pop("ended", begun + 1)
    return Span(f, more.pop("key", "k"), asked, told, begun, ended, **more)


def rows(export: Export) -> list[dict[str, Any]]:
    return json.loads(export.text)


def test_a_register_becomes_transactions_of_one_step() -> None:
    history = history_of(
        [
            span("write", "a", begun=1),
            span("read", None, "a", begun=3),
            span("read", None, None, begun=5, key="other"),
            span("write", "b", begun=7, key="other"),
        ]
    )
    (export,) = exports(history)
    assert (export.name, export.model) == ("rw-register.json", "rw-register")
    assert (export.operations, export.left_out) == (4, 0)
    found = rows(export)
    assert [row["index"] for row in found] == list(range(8))
    assert found[0] == {
        "type": "invoke",
        "f": "txn",
        "value": [["w", "k", 1]],
        "process": 0,
        "time": 0,
        "index": 0,
    }
    assert [row["value"] for row in found[2:6]] == [
        [["r", "k", None]],
        [["r", "k", 1]],
        [["r", "other", None]],
        [["r", "other", None]],
    ]
    assert found[-1]["value"] == [["w", "other", 2]]


def test_what_a_register_cannot_say_is_left_out_and_counted() -> None:
    history = history_of(
        [
            span("write", "a", begun=1),
            span("read", None, ["a", "b"], begun=3),
            span("write", "c", begun=5, key="gone"),
            span("delete", None, begun=7, key="gone"),
        ]
    )
    (export,) = exports(history)
    assert (export.operations, export.left_out) == (1, 3)
    assert [row["value"] for row in rows(export)] == [[["w", "k", 1]]] * 2


def test_a_key_that_was_only_read_is_a_register_that_holds_nothing() -> None:
    history = history_of([span("write", "a", begun=1), span("read", None, begun=3, key="empty")])
    (export,) = exports(history)
    assert (export.operations, export.left_out) == (2, 0)
    assert rows(export)[-1]["value"] == [["r", "empty", None]]


def test_a_set_becomes_additions_and_whole_reads() -> None:
    history = history_of(
        [
            span("add", "x", begun=1, key="s/1"),
            span("add", "y", begun=3, key="s/1"),
            span("read", None, ["x", "y"], begun=5, key="s/1"),
            span("read", None, None, begun=7, key="s/1"),
        ]
    )
    (export,) = exports(history)
    assert (export.name, export.model) == ("set-full-s_1.json", "set-full")
    ends = [(row["f"], row["value"]) for row in rows(export) if row["type"] == "ok"]
    assert ends == [("add", 1), ("add", 2), ("read", [1, 2]), ("read", [])]


def test_a_counter_becomes_additions_and_one_that_falls_is_left_out() -> None:
    rising = history_of([span("count", 3, begun=1), span("read", None, 3, begun=3)])
    falling = history_of([span("count", -3, begun=1), span("read", None, -3, begun=3)])
    (export,) = exports(rising)
    assert export.model == "counter"
    assert [(row["f"], row["value"]) for row in rows(export)] == [
        ("add", 3),
        ("add", 3),
        ("read", None),
        ("read", 3),
    ]
    (left,) = exports(falling)
    assert (left.operations, left.left_out) == (0, 2)


def test_an_unsure_write_is_info_and_its_process_is_never_heard_of_again() -> None:
    history = history_of(
        [
            span("write", "a", begun=1, ended=2, end="info"),
            span("write", "b", begun=3, ended=None),
            span("write", "c", begun=4, ended=5, end="fail"),
            span("read", None, "a", begun=6),
        ]
    )
    kinds = [(op.process, op.kind) for op in history]
    assert kinds == [
        (0, "invoke"),
        (0, "info"),
        (1, "invoke"),
        (2, "invoke"),
        (2, "fail"),
        (2, "invoke"),
        (2, "ok"),
    ]


@pytest.mark.parametrize("seed", range(20))
def test_no_process_does_two_things_at_once_and_no_order_is_invented(seed: int) -> None:
    rng = Random(seed)
    spans = [
        span("write", i, begun=(at := rng.randrange(100)), ended=at + rng.randrange(10))
        for i in range(60)
    ]
    spans = [
        Span(s.f, s.key, s.asked, s.told, s.begun, s.ended, rng.choice(("ok", "ok", "info")))
        for s in spans
    ]
    history = history_of(spans)
    assert [op.index for op in history] == list(range(120))
    assert [op.at for op in history] == sorted(op.at for op in history)
    busy: set[int] = set()
    lost: set[int] = set()
    for op in history:
        if op.kind == "invoke":
            assert op.process not in busy | lost
            busy.add(op.process)
        else:
            busy.remove(op.process)
            if op.kind == "info":
                lost.add(op.process)
    place = {(op.value, op.kind == "invoke"): op.index for op in history}
    for a in spans:
        for b in spans:
            after = a.ended is not None and b.begun > a.ended
            assert (place[b.asked, True] > place[a.asked, False]) is after or a is b


def test_the_end_of_each_operation_is_found_again() -> None:
    spans = [span("write", i, begun=i, ended=i + 5) for i in range(10)]
    told: list[tuple[Op, Op | None]] = pairs(history_of(spans))
    assert all(end is not None and end.value == begun.value for begun, end in told)
