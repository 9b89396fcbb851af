"""The command on Erlang nodes: where the cookie comes from, and how each mistake ends."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest

from tests.tui.foreign.erlang.fake import COOKIE, Call, Fake, plain
from tui.sources.foreign.erlang.terms import Atom, Term

ROOT = Path(__file__).parents[4]
NAME = "n1@127.0.0.1"


async def run(*words: str, typed: str = "") -> tuple[int | None, str, str]:
    """(exit code, what it said, what it complained of)."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(ROOT / "masterless.py"), *words), stdin=PIPE, stdout=PIPE, stderr=PIPE
    )
    out, wrong = await process.communicate(typed.encode())
    return process.returncode, out.decode(), wrong.decode()


@pytest.fixture
def cookie_file(tmp_path: Path) -> str:
    """Where the right cookie is."""
    file = tmp_path / "a cookie & more"
    file.write_text(f"{COOKIE}\n")
    return str(file)


async def test_the_cookie_comes_from_a_file_or_is_typed(cookie_file: str) -> None:
    async with Fake(NAME, plain(NAME)).up() as fake:
        address = f"erlang://{NAME}?epmd={fake.epmd}"
        code, out, wrong = await run("status", address, "--json", "--cookie", cookie_file)
        assert (code, wrong) == (0, "")
        assert NAME in json.dumps(json.loads(out))
        code, typed, wrong = await run("status", "--cookie", "-", address, "--json", typed=COOKIE)
        assert (code, wrong) == (0, "")
        assert COOKIE not in out + typed


async def test_recordings_hold_no_cookie_and_no_name_of_its_file(
    cookie_file: str, tmp_path: Path
) -> None:
    kept = tmp_path / "erlang.rec"
    async with Fake(NAME, plain(NAME)).up() as fake:
        address = f"erlang://{NAME}?epmd={fake.epmd}"
        code, _, _ = await run(
            "record", address, str(kept), "--cookie", cookie_file, "--for", "0.5"
        )
    assert code == 0
    assert COOKIE.encode() not in kept.read_bytes()
    assert b"cookie" not in kept.read_bytes()


async def test_another_cookie_is_a_sentence_without_it() -> None:
    async with Fake(NAME, plain(NAME)).up() as fake:
        address = f"erlang://{NAME}?epmd={fake.epmd}"
        code, out, wrong = await run("members", address, "--cookie", "-", typed="hunter2\n")
    assert (code, out) == (3, "")
    assert f"{NAME} has another cookie" in wrong
    assert "hunter2" not in wrong
    assert wrong.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("status", "127.0.0.1:1", "--cookie", "x"), "--cookie is for erlang://NAME@HOST only"),
        (("status", f"erlang://{NAME}?cookie=x"), "name its file with --cookie FILE"),
        (("incidents", f"erlang://{NAME}"), "inspect, status, members and record read them"),
        (("rooms", f"erlang://{NAME}"), "inspect, status, members and record read them"),
        (("status", "erlang://n1"), "write erlang://NAME@HOST"),
    ],
)
async def test_a_wrong_call_is_one_sentence(words: tuple[str, ...], sentence: str) -> None:
    code, out, wrong = await run(*words)
    assert (code, out) == (2, "")
    assert sentence in wrong
    assert wrong.count("\n") == 1


async def test_names_and_numbers_that_nobody_can_have_end_no_word(cookie_file: str) -> None:
    wild = (
        "\x1b[2Jz@127.0.0.1",
        "",
        "noat",
        "b@\0",
        "b@a..b",
        f"b@{'a' * 80}",
        "b@h\n",
        "observer",
    )
    calm = plain(NAME, *wild)

    def hostile(call: Call) -> Term:
        asked = {*map(str, call[2]), call[1]}
        if "memory" in asked:
            return [(Atom("total"), 1 << 8000), (Atom("binary"), 1 << 8000)]
        if "otp_release" in asked:
            return [0xD800, 0x9B, 0x1B]
        if {"convert_time_unit", "message_queue_len", "start_time"} & asked:
            return 1 << 8000
        if "registered_names" in asked:
            return [1 << 8000, [0xD800], Atom("\x1b[31m")]
        return calm(call)

    async with Fake(NAME, hostile).up() as fake:
        address = f"erlang://{NAME}?epmd={fake.epmd}"
        for word in ("status", "members"):
            code, out, wrong = await run(word, address, "--cookie", cookie_file)
            assert "Traceback" not in wrong
            assert code in (0, 1)
            assert NAME in out
            assert out.replace("\n", "").isprintable()


async def test_a_host_that_can_have_no_name_is_one_sentence(cookie_file: str) -> None:
    for host in ("a..b", "a" * 80, "."):
        code, out, wrong = await run("status", f"erlang://x@{host}", "--cookie", cookie_file)
        assert (code, out) == (3, "")
        assert "no host's name" in wrong
        assert wrong.count("\n") == 1


async def test_only_regular_files_hold_a_cookie_and_it_is_ascii(tmp_path: Path) -> None:
    pipe, other = tmp_path / "pipe", tmp_path / "other"
    os.mkfifo(pipe)
    other.write_bytes(b"cr\xfcmbs")
    for file, why in ((pipe, "is no regular file"), (other, "printable ASCII")):
        code, out, wrong = await run("status", f"erlang://{NAME}", "--cookie", str(file))
        assert (code, out) == (2, "")
        assert why in wrong


async def test_a_port_mapper_that_says_nothing_is_one_sentence(cookie_file: str) -> None:
    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(100):
            pass
        writer.close()

    server = await asyncio.start_server(mute, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    address = f"erlang://{NAME}?epmd={port}"
    code, out, wrong = await run("status", address, "--cookie", cookie_file)
    server.close()
    assert (code, out) == (3, "")
    assert f"127.0.0.1:{port} takes connections but does not answer" in wrong
