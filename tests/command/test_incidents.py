"""`incidents`: what nodes remember of a failure, as they said it themselves."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest

from cluster.model.facts import Fact
from cluster.model.incident import STAGES
from cluster.model.member import NodeId
from tests.tui.story import BACK, DEAD, QUIET, paused_story, split_story, story
from tui.text.incidents import IncidentsTold, incidents, incidents_text
from tui.text.look import Records
from tui.text.status import to_json
from tui.view import LAB, OBSERVER

COMMAND = [sys.executable, str(Path(__file__).parents[2] / "masterless.py")]
FIVE = [NodeId(f"n{i}") for i in range(1, 6)]


def told(at: int, tell: Callable[[], tuple[Fact, ...]] = story) -> IncidentsTold:
    """What would be said at a moment of a story by nodes that know of no lab."""
    facts = [f for f in tell() if f.at <= at and f.node not in (LAB, OBSERVER)]
    return incidents(Records(facts, FIVE, [], {}), at)


def test_a_quiet_cluster_has_no_failure_on_record() -> None:
    said = told(QUIET)
    assert (said.open, said.incidents) == (0, [])
    assert incidents_text(said) == ["No failure is on record."]


def test_an_open_failure_says_stage_by_stage_what_was_and_what_it_waits_for() -> None:
    said = told(DEAD)
    assert said.open == 1
    stages = {stage.name: stage for stage in said.incidents[0].stages}
    assert list(stages) == list(STAGES)
    assert (stages["dead"].state, stages["dead"].witness) == ("done", "n5")
    assert stages["dead"].causes[0][0] == "n5"
    assert (stages["hints"].state, stages["back"].state) == ("open", "pending")
    text = "\n".join(incidents_text(said))
    assert "waits for 60 kept for n4 at n1 n3 n5" in text
    assert "Not over: 1 of 1 failure." in text


def test_milestones_stand_among_the_stages_in_the_order_of_time() -> None:
    lines = incidents_text(told(DEAD))
    shown = [line.split("+")[0].strip() for line in lines if "+" in line]
    assert shown == [
        "silent",
        "· missed probe",
        "suspected",
        "· confirmed",
        "· fallback write",
        "hints",
        "dead",
    ]


def test_a_failure_that_is_over_says_how_long_everything_took() -> None:
    (incident,) = told(story()[-1].at).incidents
    assert not incident.open
    assert incident.took_us == incident.ended - incident.began > 0
    assert "126 hints returned, whole again after" in incident.summary
    assert {stage.state for stage in incident.stages} <= {"done", "overtaken", "skipped"}


def test_the_newest_failure_stands_last() -> None:
    facts = list(split_story())
    began = [each.began for each in incidents(Records(facts, FIVE, [], {}), BACK).incidents]
    assert len(began) == 2
    assert began == sorted(began)


def test_who_was_silent_and_what_was_forgotten_is_said() -> None:
    n1, n4 = NodeId("n1"), NodeId("n4")
    facts = [f for f in paused_story() if f.node == n1]
    text = incidents_text(incidents(Records(facts, [n1], [n4], {n1: 1_200}), QUIET))
    assert "n4 does not answer; what it remembers is missing." in text
    assert any("n1 had to forget 1,200 older facts" in line for line in text)


def test_the_document_has_the_promised_names() -> None:
    said = json.loads(to_json(told(DEAD)))
    assert {"at", "open", "reporting", "silent", "forgotten", "incidents"} == set(said)
    promised = {"subject", "epoch", "fault", "open", "summary", "began", "ended", "took_us"}
    assert promised <= set(said["incidents"][0])
    moments = [moment["name"] for moment in said["incidents"][0]["milestones"]]
    assert moments == ["fault", "missed probe", "confirmed", "fallback write"]
    stage = said["incidents"][0]["stages"][0]
    assert {"name", "state", "began", "took_us", "witness", "causes", "waiting_on"} <= set(stage)


# --- real nodes ------------------------------------------------------------------------------------


def run(*words: str) -> subprocess.CompletedProcess[str]:
    command = [*COMMAND, *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def nodes() -> Generator[list[dict[str, Any]]]:
    """Four nodes that agree."""
    with subprocess.Popen(
        [*COMMAND, "up", "4", "--json"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # it tells of the node that is killed
    ) as process:
        assert process.stdout is not None
        try:
            ready = [json.loads(process.stdout.readline()) for _ in range(4)]
            wait_for(lambda: run("status", ready[0]["window"]).returncode == 0)
            yield ready
        finally:
            process.terminate()


def wait_for(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 45
    while not true():
        assert time.monotonic() < deadline


@pytest.mark.real
@pytest.mark.xdist_group("real")
def test_a_real_kill_is_on_record_until_the_ring_has_gone_on(nodes: list[dict[str, Any]]) -> None:
    at, victim = nodes[0]["window"], nodes[2]
    assert run("incidents", at).returncode == 0
    killed = time.time_ns() // 1_000
    os.kill(victim["pid"], signal.SIGKILL)
    wait_for(lambda: run("incidents", at).returncode == 1)

    def dead_for_all() -> bool:
        ((only,), stages) = read(at)
        return only["subject"] == "n3" and stages["dead"]["state"] == "done"

    wait_for(dead_for_all)
    ((incident,), stages) = read(at)
    assert abs(incident["began"] - killed) < 2_000_000
    assert stages["silent"]["witness"] in ("n1", "n2", "n4")
    assert stages["silent"]["causes"]
    assert "waits for n3 to answer" in run("incidents", at).stdout
    assert json.loads(run("incidents", at, "--json").stdout)["silent"] == ["n3"]
    wait_for(lambda: run("incidents", at).returncode == 0)
    ((incident,), stages) = read(at)
    assert (stages["rebuilt"]["state"], stages["one view"]["state"]) == ("done", "done")


def read(at: str) -> tuple[list[dict[str, Any]], dict[str, dict[str, Any]]]:
    """All incidents, and the stages of the first."""
    found = json.loads(run("incidents", at, "--json").stdout)["incidents"]
    return found, {stage["name"]: stage for stage in found[0]["stages"]}
