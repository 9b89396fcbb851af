"""Agents of our own that say what no good one says: each is a sentence, and the rest goes on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from time import time_ns
from typing import Any

import pytest
from msgspec.msgpack import encode

from cluster.model.member import Address
from tui.command.recorded.taping import tape
from tui.command.saying import CommandError
from tui.fold import fold
from tui.judge.verdict import verdict
from tui.sources.foreign import watching
from tui.sources.foreign.serf import agent
from tui.sources.foreign.serf.agents import Serf
from tui.sources.foreign.serf.words import MSGPACK
from tui.sources.foreign.watching import looked
from tui.view import ClusterView

BODIES = ("handshake", "auth", "monitor", "get-coordinate")


class Agent:
    """Says who it is, and whom it knows."""

    def __init__(self, name: str, *members: str, error: str = "") -> None:
        self.name, self.members, self.error = name, members, error

    async def _met(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        unpacker = MSGPACK.Unpacker(raw=False)
        asked: tuple[str, int] | None = None
        while data := await reader.read(65_536):
            unpacker.feed(data)
            for thing in unpacker:
                if asked is None and thing["Command"] in BODIES:
                    asked = thing["Command"], thing["Seq"]
                    continue
                command, seq = asked or (thing["Command"], thing["Seq"])
                asked = None
                writer.write(encode({"Seq": seq, "Error": self.error}))
                if not self.error:
                    writer.write(self._body(command))
        writer.close()

    def _body(self, command: str) -> bytes:
        if command == "members":
            known = [{"Name": n, "Status": "alive", "Addr": b"", "Port": 0} for n in self.members]
            return encode({"Members": known})
        if command == "stats":
            return encode({"agent": {"name": self.name}})
        return encode({"Ok": False}) if command == "get-coordinate" else b""

    @asynccontextmanager
    async def up(self) -> AsyncGenerator[str]:
        """Its address."""
        server = await asyncio.start_server(self._met, "127.0.0.1", 0)
        try:
            yield f"serf://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        finally:
            server.close()


@pytest.mark.parametrize("name", ["observer", "lab"])
async def test_a_node_that_is_called_what_we_call_ourselves_is_seen(name: str) -> None:
    async with Agent(name, name, "n2").up() as address:
        view, _, trouble = await looked(address)
    assert not trouble
    (seen,) = (n for n in view.nodes if n.startswith(f"{name}."))
    assert set(view.nodes[seen].beliefs) == {"n2"}


async def test_an_agent_without_a_name_is_told_to_say_none() -> None:
    async with Agent("", "n2").up() as address:
        view, _, trouble = await looked(address)
    assert not view.nodes
    assert trouble.endswith("does not say who it is")


async def test_a_refusal_is_told_without_what_a_terminal_would_obey() -> None:
    async with Agent("n1", error="\x1b]0;pwned\x07\x1b[2JBOO\n").up() as address:
        _, _, trouble = await looked(address)
    assert "BOO" in trouble
    assert trouble.isprintable()


@pytest.mark.parametrize("host", ["a..b", ".", "a" * 80])
async def test_what_can_be_no_hosts_name_is_one_sentence(host: str) -> None:
    _, _, trouble = await looked(f"serf://{host}:7")
    assert "no host's name" in trouble


async def test_a_recording_that_was_removed_meanwhile_is_not_said_to_be_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = tmp_path / "a.rec"
    async with Agent("n1", "n1").up() as address:
        taping = asyncio.create_task(tape(address, kept, 1.0, "masterless"))
        while not kept.exists():  # noqa: ASYNC110 (a file tells nobody that it is there)
            await asyncio.sleep(0.01)
        kept.unlink()
        with pytest.raises(CommandError, match="was removed meanwhile"):
            await taping
    assert "replay" not in capsys.readouterr().out


async def test_a_recording_whose_file_was_replaced_ends_at_once_and_says_so(tmp_path: Path) -> None:
    kept, other = tmp_path / "a.rec", tmp_path / "b.rec"
    other.write_bytes(b"somebody else's")
    async with Agent("n1", "n1").up() as address:
        taping = asyncio.create_task(tape(address, kept, None, "masterless"))
        while not kept.exists():  # noqa: ASYNC110 (a file tells nobody that it is there)
            await asyncio.sleep(0.01)
        other.replace(kept)
        with pytest.raises(CommandError, match="was replaced by another file meanwhile"):
            await taping
    assert kept.read_bytes() == b"somebody else's"


async def test_five_thousand_members_are_read_and_their_agent_is_not_called_silent() -> None:
    members = tuple(f"n{number}" for number in range(1, 5_001))
    async with Agent("n1", *members).up() as address:
        view, now, trouble = await looked(address)
    assert not trouble
    assert len(view.nodes) == len(members)
    assert verdict(view, now).text.startswith("n1 holds all 5000 alive")


async def test_a_slow_fold_makes_nobody_old(monkeypatch: pytest.MonkeyPatch) -> None:
    began = time_ns() // 1_000

    def an_hour(*what: Any) -> ClusterView:
        monkeypatch.setattr(watching, "time_ns", lambda: (began + 3_600_000_000) * 1_000)
        return fold(*what)

    monkeypatch.setattr(watching, "fold", an_hour)
    async with Agent("n1", "n1", "n2").up() as address:
        view, now, _ = await looked(address)
    assert "reports" not in verdict(view, now).text


class Deaf(Agent):
    """Takes a connection and every question, and answers none of them."""

    async def _met(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(65_536):
            pass
        writer.close()


async def test_nobody_waits_for_a_member_that_has_never_answered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(agent, "WITHIN_S", 3_600.0)
    async with Deaf("n2").up() as elsewhere, Agent("n1", "n1", "n2").up() as address:
        source = Serf([Address(address.removeprefix("serf://"))], "", lambda _word: None)
        stranger = Address(elsewhere.removeprefix("serf://"))
        try:
            source.meet(stranger)
            for _ in range(3):
                look = await source.look(250_000)
                assert (list(look.rows), look.silent) == (["n1"], {})
        finally:
            await source.close()
