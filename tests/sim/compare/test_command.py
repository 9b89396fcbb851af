"""`masterless compare`: one table, one document, and nothing left behind."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

from cluster.sim.compare.promises import broken
from cluster.sim.compare.record import ARCHITECTURES, SCHEDULES, Single
from cluster.sim.compare.runner import compare
from tui.command.worlds import compare as word
from tui.text.compare import document, strip, told

ROOT = Path(__file__).parents[3]


def run(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "masterless.py"), "compare", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)


def test_the_command_knows_every_schedule_and_architecture() -> None:
    assert word.FAULTS == SCHEDULES
    assert word.ARCHITECTURES == ARCHITECTURES


def test_it_prints_one_table_with_a_strip_and_a_sentence_for_each() -> None:
    ran = run("--faults", "kill-master", "--architecture", "masterless", "single")
    assert ran.returncode == 0, ran.stderr
    assert ran.stderr == ""  # progress is for terminals
    lines = ran.stdout.splitlines()
    assert lines[0].startswith("kill-master: ")
    assert any("n1 dies" in line for line in lines)
    rows = [line.split() for line in lines if line.startswith(("  single", "  masterless"))]
    assert [row[0] for row in rows] == ["single", "masterless"] * 2  # as they came about
    assert "×××" in rows[0][1]
    assert "×" not in rows[1][1]
    assert " ".join(rows[2][1:]).startswith("Answered nothing for ")


def test_its_json_is_one_document_with_stable_names() -> None:
    ran = run("--faults", "split-2-3", "--architecture", "single", "--seed", "5", "--json")
    assert ran.returncode == 0, ran.stderr
    found = json.loads(ran.stdout)
    assert found["fine"] is True
    assert found["broken"] == []
    (schedule,) = found["schedules"]
    assert (schedule["schedule"], schedule["seed"], schedule["real"]) == ("split-2-3", 5, False)
    (row,) = schedule["architectures"]
    assert row["architecture"] == "single"
    assert row["answered"]["tried"] > row["answered"]["ok"] > 0
    assert len(row["availability"]) * schedule["bucket_s"] >= schedule["lasting_s"]
    assert {each["node"] for each in row["asked_meanwhile"]} == {"n1", "n2", "n3", "n4", "n5"}


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--faults", "earthquake"), "invalid choice"),
        (("--architecture", "microservices"), "invalid choice"),
        (("--for", "3"), "at least 14 s"),
        (("--seed", "x"), "not a seed"),
    ],
)
def test_a_wrong_call_is_one_sentence(words: tuple[str, ...], why: str) -> None:
    ran = run(*words)
    assert ran.returncode == 2
    assert why in ran.stderr
    assert "Traceback" not in ran.stderr


def test_an_interrupt_ends_it_and_its_workers() -> None:
    words = ("--architecture", "masterless", "--for", "100s", "--jobs", "1")
    command = [sys.executable, str(ROOT / "masterless.py"), "compare", *words]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    process.stdout.readline()  # the first table is there, the next world is under way
    children = [e for e in Path("/proc").glob("[0-9]*") if _parent(e) == process.pid]
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in told
    assert [each.name for each in children if each.exists()] == []


def _parent(entry: Path) -> int:
    try:
        return int(entry.joinpath("stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, ValueError):
        return 0


def test_a_lost_write_of_one_that_promises_is_broken_and_of_another_a_lesson() -> None:
    found = compare("pause-master", 2, ("single", "masterless"))
    assert broken(found) == []
    hurt = [
        replace(
            row,
            settled_us=None,
            split_terms=(4,),
            single=Single("no", 1, 2, "stale read", "…"),
            measures=replace(row.measures, unread=3, nowhere_count=1),
        )
        for row in found.rows
    ]
    sentences = broken(replace(found, rows=tuple(hurt)))
    assert len(sentences) == 4
    assert all(s.startswith("pause-master, seed 2: masterless ") for s in sentences)
    assert document([replace(found, rows=tuple(hurt))])["fine"] is False


@pytest.mark.parametrize("width", [80, 118, 200])
def test_a_table_keeps_to_its_width(width: int) -> None:
    found = compare("split-2-3", 2, ("single", "masterless"))
    lines = told(found, width)
    assert max(map(len, lines)) <= width
    rows = sum(line.startswith("  masterless ") for line in lines)
    assert rows == {80: 3, 118: 2, 200: 2}[width]  # strips and figures apart, or beside
    assert any("▼" in line and "▲" in line for line in lines)


def test_a_strip_shows_one_refusal_among_many_answers() -> None:
    found = compare("kill-master", 2, ("single",)).rows[0]
    drawn = strip(found.strip, 18_000_000, 18)
    assert drawn[0] == drawn[-1] == "█"
    assert "×" in drawn
