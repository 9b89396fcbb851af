"""The command against three real nodes: what it prints is what they said."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from base64 import b64decode
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.real, pytest.mark.xdist_group("real")]

COMMAND = [sys.executable, str(Path(__file__).parents[2] / "masterless.py")]


def run(*words: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = [*COMMAND, *words]
    return subprocess.run(command, input=given, capture_output=True, timeout=60, check=False)


def run_json(*words: str) -> Any:
    ran = run(*words, "--json")
    assert ran.stderr == b""
    return json.loads(ran.stdout)


@pytest.fixture(scope="module")
def nodes() -> Generator[list[dict[str, Any]]]:
    """Three nodes that agree."""
    with subprocess.Popen(
        [*COMMAND, "up", "3", "--json"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        try:
            ready = [json.loads(process.stdout.readline()) for _ in range(3)]
            deadline = time.monotonic() + 30
            while True:
                said = run_json("status", ready[0]["window"])
                if said["agree"] and [n["state"] for n in said["nodes"]] == ["alive"] * 3:
                    break
                assert time.monotonic() < deadline, said
            yield ready
        finally:
            process.terminate()


@pytest.fixture
def at(nodes: list[dict[str, Any]]) -> str:
    """A node's window."""
    return nodes[1]["window"]


def test_up_says_where_each_node_is(nodes: list[dict[str, Any]]) -> None:
    assert [node["name"] for node in nodes] == ["n1", "n2", "n3"]
    assert {frozenset(node) for node in nodes} == {
        frozenset(("name", "pid", "gossip", "window", "data"))
    }


def test_status_has_the_promised_names(at: str, nodes: list[dict[str, Any]]) -> None:
    said = run_json("status", at)
    assert {"verdict", "agree", "fine", "nodes", "incidents", "ring"} <= set(said)
    assert (said["agree"], said["fine"]) == (True, True)
    for node, ready in zip(said["nodes"], nodes, strict=True):
        promised = {"name", "state", "incarnation", "epoch", "share", "keys", "hints", "seen_by"}
        assert promised <= set(node)
        assert node["name"] == ready["name"]
        assert set(node["seen_by"].values()) == {"alive"}
    assert sum(node["share"] for node in said["nodes"]) == pytest.approx(1, abs=0.001)
    assert {"partitions", "n", "digest"} <= set(said["ring"])
    assert run("status", at).returncode == 0


def test_the_others_print_what_nodes_said(at: str) -> None:
    assert run_json("members", at)["n1"] == {"n2": "alive", "n3": "alive"}
    ring = run_json("ring", at)
    assert [sorted(owners) for owners in ring["owners"]] == [["n1", "n2", "n3"]] * 64
    assert run_json("transfers", at) == []
    for word in ("members", "ring", "transfers"):
        assert run(word, at).returncode == 0


def test_a_key_comes_back_as_the_bytes_that_went_in(at: str, nodes: list[dict[str, Any]]) -> None:
    value = bytes(range(256))
    key = "any key/with ü and %"
    assert run("kv", "put", key, "-", "--at", at, given=value).returncode == 0
    got = run("kv", "get", key, "--at", nodes[2]["window"])
    assert got.returncode == 0
    assert got.stdout == value
    assert b'"primaries":' in got.stderr
    said = run_json("kv", "get", key, "--at", at)
    assert b64decode(said["value"]) == value
    assert said["proof"]["outcome"] == "ok"


def test_a_deleted_key_is_absent_and_1(at: str) -> None:
    run("kv", "put", "gone", "x", "--at", at)
    context = run_json("kv", "get", "gone", "--at", at)["context"]
    assert run("kv", "delete", "gone", "--context", context, "--at", at).returncode == 0
    got = run("kv", "get", "gone", "--at", at)
    assert (got.returncode, got.stdout) == (1, b"")
    assert b"gone is absent" in got.stderr


def test_typed_values_are_changed_and_read_by_words(at: str, nodes: list[dict[str, Any]]) -> None:
    other = nodes[2]["window"]
    for words in (
        ["score", "--type", "counter", "--add", "5"],
        ["score", "--type", "counter", "--add", "-2"],
        ["tags", "--type", "set", "--add", "b", "a"],
        ["tags", "--type", "set", "--remove", "b"],
        ["room", "--type", "map", "--field", "players", "--add", "3"],
        ["room", "--type", "map", "--field", "title", "--field-type", "register", "--set", "Go"],
    ):
        assert run("kv", "update", *words, "--at", at).returncode == 0
    for key, value in (("score", 3), ("tags", ["a"]), ("room", {"players": 3, "title": ["Go"]})):
        assert json.loads(run("kv", "get", key, "--at", other).stdout)["value"] == value
    refused = run("kv", "update", "score", "--type", "set", "--add", "x", "--at", at)
    assert refused.returncode == 2
    assert b"the key holds a counter, not a set" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1


def test_siblings_are_shown_and_resolved_with_their_context(at: str) -> None:
    run("kv", "put", "both", "x", "--at", at)
    run("kv", "put", "both", "y", "--at", at)
    got = run_json("kv", "get", "both", "--at", at)
    assert got["status"] == 300
    assert {b64decode(s["value"]) for s in got["answer"]["siblings"]} == {b"x", b"y"}
    run("kv", "put", "both", "xy", "--context", got["context"], "--at", at)
    assert run("kv", "get", "both", "--at", at).stdout == b"xy"


def test_too_long_a_key_is_refused_in_one_sentence(at: str) -> None:
    ran = run("kv", "put", "k" * 1_025, "x", "--at", at)
    assert ran.returncode == 2
    assert len(ran.stderr.splitlines()) == 1
    assert b"at most 1024 bytes" in ran.stderr


def test_faults_are_refused_by_a_node_that_was_not_started_for_them(at: str) -> None:
    assert b"--allow-faults" in run("fault", "partition", "n1", "--at", at).stderr
    ran = run("fault", "cut", "n1", "--at", at)
    assert ran.returncode == 2
    assert b"--allow-faults" in ran.stderr


def test_a_fault_for_an_unknown_node_is_refused_with_the_known_names(at: str) -> None:
    ran = run("fault", "cut", "n9", "--at", at)
    assert ran.returncode == 2
    assert ran.stderr == b"masterless: n2 knows no n9, only n1, n3\n"


def test_the_context_that_a_read_printed_deletes_at_the_printed_window(at: str) -> None:
    window = f"http://{at}/"
    run("kv", "put", "greeting", "hello", "--at", window)
    got = run("kv", "get", "greeting", "--at", window)
    context = got.stderr.decode().partition("context: ")[2].strip()
    assert run("kv", "delete", "greeting", "--at", window, "--context", context).returncode == 0
    assert run("kv", "get", "greeting", "--at", window).returncode == 1


def test_a_room_is_found_from_any_node_and_listed_where_it_runs(
    at: str, nodes: list[dict[str, Any]]
) -> None:
    other = nodes[2]["window"]
    assert run("room", at, "friday").returncode == 1  # nobody has opened it
    opened = run("room", at, "friday", "open", '{"title": "Friday"}', "--keep", "heir")
    assert opened.returncode == 0
    assert b"friday on n" in opened.stderr
    ask = '{"ask": {"number": 1, "question": "2+2?", "choices": ["3", "4"], "right": 1}}'
    assert json.loads(run("room", other, "friday", "call", ask).stdout) == {"question": 1}
    answer = b'{"answer": {"player": "ada", "question": 1, "choice": 1}}'
    said = run("room", at, "friday", "call", "-", "--again", given=answer)
    assert said.stdout == b'{"right":true,"score":10,"again":false}\n'
    crashed = run("room", at, "friday", "call", '{"crash": {}}')
    assert (crashed.returncode, crashed.stdout) == (1, b"")
    assert b"crashed: not done: friday was asked to crash" in crashed.stderr
    told = run_json("room", other, "friday")  # another process, with the table that was kept
    assert told["reply"]["scores"] == {"ada": 10}
    assert told["token"]["number"] == 2
    found = run_json("rooms", other)
    assert [(room["room"], room["node"]) for room in found["rooms"]] == [("friday", told["node"])]
    assert found["sentence"] == "1 room on 1 node, it runs once."
    assert run("rooms", at).returncode == 0
    assert run("room", at, "friday", "call", '{"dance": {}}').returncode == 2
    assert run("room", at, "friday", "close").returncode == 0
    assert run("room", other, "friday").returncode == 1
