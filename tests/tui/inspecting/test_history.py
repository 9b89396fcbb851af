"""What became of a key: values still held, answers, values kept apart, repairs; newest last."""

from __future__ import annotations

from base64 import b64encode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from cluster.model.facts import (
    HintStored,
    OperationFinished,
    OperationStarted,
    Payload,
    ReadRepaired,
    SiblingsKept,
)
from cluster.model.member import NodeId
from cluster.model.values.copies import CopyShown, SiblingShown
from tests.tui.picture import assert_golden, assert_known_roles
from tests.tui.story import DEAD, MS, SECOND, Teller, opening, scene_at
from tui.fold import fold
from tui.judge.detail.history import KEY_TOLD, TOLD_MAX, history, replaced, told_as
from tui.scene import Scene
from tui.screens.detail.key import paint
from tui.seen.inspection import Copy, Inspection
from tui.seen.trace import Trace, extended
from tui.view import ClusterView

KEY = "room:7/a1"
N1, N4, N5 = NodeId("n1"), NodeId("n4"), NodeId("n5")
SIZES = [(120, 36), (80, 24)]
WRITTEN = DEAD - 2 * SECOND
DOING: list[tuple[int, NodeId, Payload]] = [
    (WRITTEN, N1, OperationStarted(1, "put", KEY, 7, (N5, N1, N4))),
    (WRITTEN + 2 * MS, N1, HintStored(N4, KEY, 1)),
    (WRITTEN + 3 * MS, N1, OperationFinished(1, "put", KEY, "ok", (N1, N5), 2, 1, 2_300)),
    (WRITTEN + 60 * MS, N5, SiblingsKept(KEY, 2)),
    (WRITTEN + 900 * MS, N1, OperationFinished(2, "get", KEY, "ok", (N1, N5), 2, 2, 1_100)),
    (WRITTEN + 901 * MS, N1, ReadRepaired(KEY, (N5,))),
    (WRITTEN + 950 * MS, N1, OperationFinished(3, "get", KEY, "ok", (N1, N5), 2, 1, 900)),
    (WRITTEN + 960 * MS, N1, OperationFinished(4, "put", "other", "ok", (N1,), 1, 1, 900)),
]


def trace(doing: list[tuple[int, NodeId, Payload]] = DOING) -> Trace:
    teller = Teller()
    opening(teller, WRITTEN - SECOND)
    for at, node, payload in doing:
        teller.say(node, at, payload)
    known = fold(ClusterView(), teller.sorted()).trace
    assert len(known.tail) + len(known.chunks)
    return known


def value(node: str, counter: int, text: str, at: int) -> SiblingShown:
    raw = b64encode(text.encode()).decode()
    return SiblingShown(f"{node}.1f.1", counter, node, at, "value", "text/plain", len(text), raw)


RED, GREEN = value("n1", 3, "red", WRITTEN + MS), value("n5", 1, "green", WRITTEN + 50 * MS)


def copies() -> tuple[Copy, ...]:
    both = {"n1.1f.1": 3, "n5.1f.1": 1}
    return (
        Copy(N5, DEAD, CopyShown("n5", True, both, (RED, GREEN))),
        Copy(N1, DEAD, CopyShown("n1", True, {"n1.1f.1": 3}, (RED,))),
        Copy(N4, 0, trouble="its window does not answer"),
    )


def scene(doing: list[tuple[int, NodeId, Payload]] = DOING) -> Scene:
    still = scene_at(DEAD)
    view = replace(still.view, trace=trace(doing))
    return replace(still, view=view, inspection=Inspection(KEY, copies=copies()))


def shown(scene: Scene, width: int = 120, height: int = 36) -> list[str]:
    return paint(scene, width, height).lines()


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_golden(width: int, height: int) -> None:
    assert_golden(f"key-history-{width}x{height}", paint(scene(), width, height))


def test_what_was_written_kept_apart_and_mended_is_told_newest_last() -> None:
    lines = history(copies(), trace(), KEY, DEAD)
    assert [line.text for line in lines] == [
        '"red"  at n5 n1',
        "keeps it for n4, as a hint",
        "put: ok after 2.3 ms, proved by n1 n5",
        '"green"  at n5',
        "met values that it did not know: keeps 2 values apart",
        "a read was given 2 values, to be merged",
        "a read mended n5",
    ]
    assert [line.at for line in lines] == sorted(line.at for line in lines)


def test_what_comes_later_is_not_told_yet() -> None:
    lines = history((), trace(), KEY, WRITTEN + 10 * MS)
    assert [line.node for line in lines] == [N1, N1]


def test_values_that_no_copy_holds_any_more_are_counted() -> None:
    assert replaced(copies()) == 2  # n1 has minted three, of which the third is left
    assert any(
        "2 older values replaced since, held by none that answers" in row for row in shown(scene())
    )
    assert replaced(()) == 0


def test_a_value_that_another_copy_has_replaced_says_where() -> None:
    newer = Copy(N4, DEAD, CopyShown("n4", True, {"n1.1f.1": 4}, ()))
    (red, _) = history((*copies(), newer), Trace(), KEY, DEAD)
    assert red.text == '"red"  at n5 n1, replaced at n4'


def test_without_copies_the_trace_still_tells_and_it_says_that_not_all_is_traced() -> None:
    past = replace(scene(), inspection=Inspection(KEY, why_not="This is the past."))
    rows = shown(past)
    assert any("of operations only traced ones" in row for row in rows)
    assert any("n1" in row and "a read mended n5" in row for row in rows)


def test_nothing_is_said_of_a_key_of_which_nothing_is_known() -> None:
    quiet = replace(scene(), inspection=Inspection("nobody/knows"))
    assert not any("history" in row for row in shown(quiet))


def test_a_busy_key_is_cut_at_its_older_end_and_says_so() -> None:
    doing: list[tuple[int, NodeId, Payload]] = [
        (WRITTEN + i * MS, N1, ReadRepaired(KEY, (N5,))) for i in range(3 * TOLD_MAX)
    ]
    assert len(history((), trace(doing), KEY, DEAD)) == TOLD_MAX
    rows = shown(scene(doing), 80, 24)
    assert any("earlier lines" in row for row in rows)
    (last,) = [row for row in rows if "12:15:05.319" in row]
    assert "a read mended n5" in last


def test_long_keys_are_found_by_how_facts_shorten_them() -> None:
    long = "k" * (KEY_TOLD + 9)
    doing: list[tuple[int, NodeId, Payload]] = [(WRITTEN, N1, SiblingsKept(told_as(long), 2))]
    assert len(told_as(long)) == KEY_TOLD
    assert len(history((), trace(doing), long, DEAD)) == 1


def test_what_is_packed_away_is_told_too() -> None:
    teller = Teller()
    for i in range(600):
        teller.say(N1, WRITTEN + i * MS, ReadRepaired(KEY if i == 3 else "other", (N5,)))
    packed = extended(Trace(), teller.sorted())
    assert packed.chunks
    assert [line.at for line in history((), packed, KEY, DEAD)] == [WRITTEN + 3 * MS]


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.integers(1, 200), st.integers(1, 60))
def test_it_never_paints_over_the_foot(width: int, height: int) -> None:
    frame = paint(scene(), width, height)
    assert [len(row) for row in frame.chars] == [width] * height
    assert_known_roles(frame)
    if width >= 80 and height >= 8:
        assert not any("12:15:0" in row[:30] for row in frame.lines()[height - 2 :])
