"""What a world's clients did, exported: every operation is told once, in elle-cli's words."""

from __future__ import annotations

import json
from typing import Any

from cluster.config import SECOND, DataConfig
from cluster.model.export.elle import exports
from cluster.model.export.history import pairs
from cluster.model.values.typed import updated
from cluster.model.values.update import CounterAdd, SetAdd, Update
from cluster.model.versions import EMPTY, Versions, put
from cluster.sim.faults.options import draw
from cluster.sim.load.history import History, OpKind
from cluster.sim.load.telling import told
from cluster.sim.trial.trial import Trial

SEED = 11


def test_the_history_of_a_world_is_exported_whole() -> None:
    print(f"seed {SEED}")
    trial = Trial(draw(SEED, "partitions", 8 * SECOND, 5))
    trial.run()
    history = told(trial.history)
    asked = pairs(history)
    assert len(asked) == len(trial.history.ops) > 50
    files = exports(history)
    assert files[0].model == "rw-register"
    assert files[0].operations > 50
    assert sum(export.operations + export.left_out for export in files) == len(asked)
    for export in files:
        rows: list[dict[str, Any]] = json.loads(export.text)
        assert [row["index"] for row in rows] == list(range(len(rows)))
        assert sum(row["type"] == "invoke" for row in rows) == export.operations


def test_reads_of_typed_values_show_what_people_see() -> None:
    history = History()
    changes: list[tuple[OpKind, bytes, Update]] = [
        ("count", b"c", CounterAdd(3)),
        ("add", b"s", SetAdd(("x",))),
    ]
    for kind, key, update in changes:
        held = updated(EMPTY, "n1", update, 1, DataConfig())
        assert isinstance(held, Versions)
        write = history.begin(1, kind, key, 10, amount=3)
        write.value, write.outcome, write.ended = b"x", "ok", 20
        read = history.begin(1, "get", key, 30)
        read.read, read.outcome, read.ended = held, "ok", 40
    ends = [(op.key, op.f, op.value) for op in told(history) if op.kind == "ok"]
    assert sorted(ends) == [
        ("c", "count", 3),
        ("c", "read", 3),
        ("s", "add", "x"),
        ("s", "read", ["x"]),
    ]


def test_a_read_of_several_values_shows_them_all_and_one_of_none_shows_nothing() -> None:
    history = History()
    one = put(EMPTY, {}, "n1", b"a", "", 1)
    two = put(one, {}, "n2", b"b", "", 1)
    gone = put(two, two.context, "n1", None, "", 1)
    for at, versions in enumerate((one, two, gone, EMPTY)):
        read = history.begin(1, "get", b"k", 10 * at)
        read.read, read.outcome, read.ended = versions, "ok", 10 * at + 5
    ends = [op.value for op in told(history) if op.kind == "ok"]
    assert ends == ["a", ["a", "b"], None, None]


def test_a_client_that_gave_up_is_a_process_never_heard_of_again() -> None:
    history = History()
    lost = history.begin(1, "put", b"k", 10)
    lost.outcome, lost.ended = "maybe", 20
    after = history.begin(1, "put", b"k", 30)
    after.outcome, after.ended = "failed", 40
    open_ = history.begin(2, "put", b"k", 35)
    assert open_.outcome == "pending"
    kinds = [(op.process, op.kind) for op in told(history)]
    assert kinds == [(0, "invoke"), (0, "info"), (1, "invoke"), (2, "invoke"), (1, "fail")]
