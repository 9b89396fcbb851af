"""What the command answers without any cluster: at once, in one sentence, with the right code."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

import masterless
from tui.command.asking import ask
from tui.command.saying import CommandError

ROOT = Path(__file__).parents[2]
NOBODY = "127.0.0.1:1"


def run(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "masterless.py"), *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("words", [["--version"], ["--help"], ["demo", "--help"], ["kv", "--help"]])
def test_help_and_version_import_nothing_heavy(words: list[str]) -> None:
    code = (
        "import sys\n"
        f"sys.path.insert(0, {str(ROOT)!r})\n"
        "import masterless\n"
        "try:\n"
        f"    masterless.main({words!r})\n"
        "except SystemExit as end:\n"
        "    assert not end.code, end.code\n"
        "heavy = {'asyncio', 'msgspec', 'textual', 'aiohttp', 'cluster', 'tui.view'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr


def test_the_version_is_the_packages() -> None:
    assert f'version = "{masterless.VERSION}"' in (ROOT / "pyproject.toml").read_text()
    assert run("--version").stdout == f"masterless {masterless.VERSION}\n"


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["nonsense"],
        ["talk", "--slide", "first"],
        ["demo", "--nodes", "0"],
        ["demo", "--nodes", "31"],
        ["demo", "--for", "-1"],
        ["up", "many"],
        ["status"],
        ["status", "ftp://127.0.0.1:7373"],
        ["status", "127.0.0.1:99999"],
        ["kv", "get", "k"],
        ["kv", "put", "k", "--at", NOBODY],
        ["fault", "kill", "--at", NOBODY],
        ["maelstrom", "broadcast", "--flush", "-1"],
        ["demo", "--host", "127.0.0.1"],
        ["inspect", NOBODY, "--host", "127.0.0.1"],
        ["sim", "--host", "127.0.0.1"],
        ["sim", "--check", "--serve", "0"],
        ["node", "--name", "n1"],
        ["node", "--name", "../x", "--data", "/tmp"],
    ],
)
def test_a_wrong_call_is_one_sentence_and_2(words: list[str]) -> None:
    ran = run(*words)
    assert ran.returncode == 2
    assert ran.stdout == ""
    assert ran.stderr.startswith("masterless")
    assert len(ran.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "words",
    [
        ["inspect", NOBODY],
        ["status", NOBODY],
        ["members", NOBODY, "--json"],
        ["ring", NOBODY],
        ["transfers", NOBODY],
        ["incidents", NOBODY],
        ["kv", "get", "k", "--at", NOBODY],
        ["fault", "heal", "--at", NOBODY],
    ],
)
def test_an_address_where_nothing_answers_is_one_sentence_and_3(words: list[str]) -> None:
    ran = run(*words)
    assert ran.returncode == 3
    assert ran.stdout == ""
    assert ran.stderr.startswith(f"masterless: no node answers at {NOBODY}")
    assert len(ran.stderr.splitlines()) == 1


def test_a_change_that_was_sent_and_not_answered_may_still_take_effect() -> None:
    """As with a node that is stopped (SIGSTOP): its socket takes what it will read later."""

    def told(method: str, at: str) -> str:
        with pytest.raises(CommandError) as refused:
            ask(at, method, "/kv/k", b"v", patience_s=0.1)
        assert refused.value.code == 3
        return str(refused.value)

    with socket.create_server(("127.0.0.1", 0)) as stopped:
        at = f"127.0.0.1:{stopped.getsockname()[1]}"
        assert told("PUT", at) == (
            f"no answer from {at} (timed out), but it was sent: it may still take effect"
        )
        assert told("GET", at).startswith(f"no node answers at {at} (timed out)")
    assert told("PUT", NOBODY).startswith(f"no node answers at {NOBODY}")


class NotANode(BaseHTTPRequestHandler):
    """Some other web server."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<html>hello</html>")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@pytest.mark.parametrize("word", ["status", "ring", "incidents"])
def test_a_stranger_at_the_address_is_one_sentence_and_3(word: str) -> None:
    with HTTPServer(("127.0.0.1", 0), NotANode) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        ran = run(word, f"127.0.0.1:{server.server_port}")
        server.shutdown()
    assert ran.returncode == 3
    assert "no node's window" in ran.stderr
    assert len(ran.stderr.splitlines()) == 1


@pytest.mark.parametrize("text", ["a b:80", "a..b:80", "x\ny:80", "a" * 300 + ":80", "h:0", "h:x"])
def test_an_address_that_cannot_be_one_is_a_wrong_call_in_one_sentence(text: str) -> None:
    for words in (["status", text], ["kv", "get", "k", "--at", text], ["inspect", text]):
        done = subprocess.run(
            [sys.executable, str(ROOT / "masterless.py"), *words],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert done.returncode == 2
        assert "Traceback" not in done.stderr
        assert "write HOST:PORT" in done.stderr
