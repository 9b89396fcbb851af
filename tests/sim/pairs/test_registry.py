"""Every pair is named, told and repeated; the command shows them as they are."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from cluster.sim.pairs.record import Played, check
from cluster.sim.pairs.registry import PAIRS, play
from tui.command.worlds.pairs import NAMES
from tui.text.pairs import document, told

ROOT = Path(__file__).parents[3]


def run(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "masterless.py"), "pair", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)


def test_the_command_knows_every_pair() -> None:
    assert tuple(PAIRS) == NAMES


def test_every_pair_says_what_not_to_do_and_what_to_do() -> None:
    for name, pair in PAIRS.items():
        assert pair.name == name
        assert pair.dont.startswith("Don't ")
        assert pair.do.startswith("Do ")
        assert pair.dont.endswith(".")
        assert pair.do.endswith(".")
    numbers = [pair.number for pair in PAIRS.values()]
    assert numbers == sorted(numbers)


def test_equal_seeds_give_equal_records_and_others_do_not() -> None:
    first, again, other = (play("one-token", seed) for seed in (7, 7, 8))
    assert first == again
    assert first != replace(other, seed=7)


def test_a_record_survives_json() -> None:
    record = play("one-token", 3)
    assert msgspec.json.decode(msgspec.json.encode(record), type=Played) == record


def test_a_broken_claim_is_shown_and_makes_the_record_not_fine() -> None:
    record = play("one-token", 3)
    broken = check("nothing moves", 3, "==", 0, unit="keys", of=10, of_what="keys")
    record = replace(record, claims=(*record.claims, broken))
    assert not record.fine
    assert not document([record])["fine"]
    lines = told(record)
    assert "  ✗ BROKEN: nothing moves" in lines
    assert "      3 keys (must be 0; 10 keys)" in lines
    assert lines[-1] == "  3 of 4 claims held"


def test_what_is_quoted_is_told_apart_from_what_was_counted() -> None:
    record = play("death-alike", 3)
    assert msgspec.json.decode(msgspec.json.encode(record), type=Played) == record
    lines = told(record)
    (line,) = (line for line in lines if line.startswith("  not counted here: Erlang's default"))
    assert "45 to 75 s" in line
    assert "net_ticktime 60 s" in lines[lines.index(line) + 1]
    assert all(len(line) <= 100 for line in lines)


def test_without_a_name_the_command_lists_them() -> None:
    ran = run()
    assert ran.returncode == 0, ran.stderr
    for pair in PAIRS.values():
        assert pair.dont in ran.stdout
    ran = run("--json")
    assert [row["name"] for row in json.loads(ran.stdout)["pairs"]] == list(PAIRS)


def test_a_pair_is_played_and_told_alike_to_people_and_programs() -> None:
    ran = run("one-token", "--seed", "5")
    assert ran.returncode == 0, ran.stderr
    lines = ran.stdout.splitlines()
    assert lines[0] == "one-token · pair 8 · seed 5"
    assert lines[-1] == "  every claim held"
    assert all(len(line) <= 100 for line in lines)
    found = json.loads(run("one-token", "--seed", "5", "--json").stdout)
    assert found["fine"] is True
    (row,) = found["pairs"]
    assert row["fine"] is True
    assert msgspec.convert(row, Played) == play("one-token", 5)


@pytest.mark.parametrize("words", [["nothing"], ["modulo", "--seed", "x"], ["modulo", "--seed"]])
def test_a_wrong_call_is_one_sentence(words: list[str]) -> None:
    ran = run(*words)
    assert ran.returncode == 2
    assert ran.stdout == ""
    assert len(ran.stderr.splitlines()) == 1
