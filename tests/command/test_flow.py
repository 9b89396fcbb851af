"""The word for pipelines: what it declares, and how it reads what the windows say."""

from __future__ import annotations

import argparse
from typing import Any

import msgspec
import pytest

import masterless
from cluster.config import DEMO
from cluster.model.flow.pipeline import FlowSpec, trouble
from tui.command.hosted.flow import declared
from tui.text.hosted.flow import Looks, flows, held, stalled


def called(*words: str) -> argparse.Namespace:
    line = ["flow", "127.0.0.1:7400", *words]
    return masterless.parser(line, "masterless").parse_args(line)


def said(spec: FlowSpec, node: str, index: int, **row: int) -> dict[str, Any]:
    """The window of the node of one stage."""
    figures = dict.fromkeys(
        ["queue", "longest", "limit", "entered", "left", "refused", "lost", "waiting", "waited_us", "asked", "granted", "p50_us", "p99_us"], 0
    )  # fmt: skip
    flow = {**msgspec.to_builtins(spec), "by": "n1", "version": 1, "stopped": False}
    stage = {"flow": spec.name, "stage": spec.stages[index].name, **figures, **row}
    return {"node": node, "flows": [flow], "stages": [stage]}


def quiz(*words: str) -> FlowSpec:
    args = called("start", "quiz", "--on", "n1", "n2", "n3", *words)
    return msgspec.convert(declared(args), FlowSpec)


def test_what_is_declared_is_a_pipeline_that_nodes_take() -> None:
    spec = quiz("--way", "shed", "--rate", "500", "--cost-ms", "2", "--limit", "100")
    assert trouble(spec, DEMO.flow) == ""
    assert [(s.name, s.kind, s.node) for s in spec.stages] == [
        ("source", "producer", "n1"),
        ("work1", "relay", "n2"),
        ("sink", "consumer", "n3"),
    ]
    assert (spec.stages[0].rate_per_s, spec.stages[1].cost_us) == (500, 2_000)
    assert (spec.stages[1].limit_per_s, spec.way) == (100, "shed")


def test_of_two_stages_the_last_one_does_the_work() -> None:
    args = called("start", "quiz", "--on", "n1", "n2")
    spec = msgspec.convert(declared(args), FlowSpec)
    assert trouble(spec, DEMO.flow) == ""
    assert spec.stages[-1].cost_us == 5_000


@pytest.mark.parametrize(
    "words", [("start",), ("start", "quiz"), ("stop",), ("start", "q", "--on", "n1")]
)
def test_a_wrong_call_is_one_sentence(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert masterless.main(["flow", "127.0.0.1:9", *words]) == 2
    heard = capsys.readouterr()
    assert heard.out == ""
    assert len(heard.err.splitlines()) == 1


def test_each_stage_is_read_from_the_node_that_runs_it_and_silence_is_said() -> None:
    spec = quiz("--max-demand", "100")
    found = flows({
        "n1": said(spec, "n1", 0, waiting=1_234, waited_us=2_000_000),
        "n2": said(spec, "n2", 1, queue=57, limit=100, left=200, p99_us=440_000),
        "n3": None,
    })  # fmt: skip
    assert found["silent"] == ["n3"]
    (flow,) = found["flows"]
    assert [stage["now"] is None for stage in flow["stages"]] == [False, False, True]
    lines = Looks().text(found, 1_000_000)
    assert lines[0] == "n3 does not answer."
    head = "quiz  demand: stages ask  STALLED: n3 does not answer, so nothing gets past"
    assert lines[1] == head
    assert (flow["stalled_at"], stalled(found)) == (["n3"], ["quiz"])
    assert held(found, "quiz") == 57
    assert "1,234 items at the source, for 2.0 s" in lines[2]
    assert "queue      57 of 100" in lines[3]
    assert "p99 0.44 s" in lines[3]
    assert "n3     does not answer" in lines[4]


def test_a_stage_that_was_not_told_yet_is_no_stall_and_a_node_that_is_gone_is_one() -> None:
    spec = quiz()
    untold: dict[str, Any] = {"node": "n3", "flows": [], "stages": []}
    known = {"n1": said(spec, "n1", 0), "n2": said(spec, "n2", 1)}
    found = flows({**known, "n3": untold})
    assert stalled(found) == []
    assert "n3     has not heard of it yet" in Looks().text(found, 1)[3]
    assert stalled(flows({**known})) == ["quiz"]


def test_a_pipeline_past_its_time_has_ended_once_nothing_waits_and_says_what_was_done() -> None:
    spec = quiz("--way", "shed", "--lasting-s", "2")

    def looked(queued: int) -> list[str]:
        found = flows({
            "n1": said(spec, "n1", 0, entered=2_000, left=2_000),
            "n2": said(spec, "n2", 1, queue=queued, entered=900, left=800, refused=1_100),
            "n3": said(spec, "n3", 2, entered=800, left=800),
        })  # fmt: skip
        return Looks().text(found, 1)

    assert looked(100)[0] == "quiz  shed: full queues refuse"
    ended = "  ENDED: 800 of 2,000 items done, 1,100 refused"
    assert looked(0)[0] == "quiz  shed: full queues refuse" + ended


def test_two_looks_know_a_rate_and_draw_the_queue() -> None:
    spec, looks = quiz("--way", "unbounded"), Looks()
    looks.text(flows({"n2": said(spec, "n2", 1, queue=800, limit=200_000, left=200)}), 1_000_000)
    lines = looks.text(
        flows({"n2": said(spec, "n2", 1, queue=1_600, limit=200_000, left=400)}), 2_000_000
    )
    assert "queue   1,600 of 200,000" in lines[2]
    assert "200/s" in lines[2]


def test_a_stopped_pipeline_is_not_shown_as_running() -> None:
    answer = said(quiz(), "n1", 0)
    answer["flows"][0]["stopped"] = True
    (line,) = Looks().text(flows({"n1": answer}), 1)
    assert line.startswith("No pipeline runs.")
