"""Real Serf agents, where Debian's package is installed: read, never written to."""

from __future__ import annotations

import asyncio
import shutil
import socket
from argparse import ArgumentTypeError
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from time import monotonic, time_ns

import pytest

from cluster.model.facts import SuspicionConfirmed, SuspicionRaised
from cluster.model.member import MemberState, NodeId
from tui.command.arguments import FOREIGN, address
from tui.fold import fold
from tui.judge.agreement import agreement
from tui.judge.verdict import verdict
from tui.sources.foreign.serf.words import ALLOWED, overheard, texts
from tui.sources.foreign.watching import (
    ENGINES,
    ForeignError,
    ForeignSource,
    is_foreign,
    opened,
    shown,
)
from tui.view import ClusterView

SERF = shutil.which("serf")
CHANGING = {"event", "force-leave", "join", "leave", "tags", "query", "respond", "install-key"}


def test_nothing_that_changes_an_agent_can_be_said() -> None:
    assert not ALLOWED & CHANGING
    assert {"members", "stats", "monitor"} <= ALLOWED


def test_lines_of_the_log_are_read_as_what_they_say() -> None:
    line = "2026/11/22 [INFO] memberlist: Suspect n2 has failed, no acks received"
    word = overheard(line, NodeId("n1"), 7)
    assert word is not None
    assert isinstance(word.payload, SuspicionRaised)
    assert (word.payload.subject, word.basis, word.at) == ("n2", "inferred", 7)
    line = "[INFO] memberlist: Marking n2 as failed, suspect timeout reached (1 peer confirmations)"
    word = overheard(line, NodeId("n1"), 7)
    assert word is not None
    assert isinstance(word.payload, SuspicionConfirmed)
    assert word.payload.confirmations == 1
    assert overheard("[INFO] serf: EventMemberJoin: n4 127.0.0.1", NodeId("n1"), 7) is None


def test_text_is_text_and_an_address_stays_bytes() -> None:
    raw = {b"Name": b"n1", b"Addr": b"\x7f\x00\x00\x01", b"Tags": {b"a": [b"b"]}}
    assert texts(raw) == {"Name": "n1", "Addr": b"\x7f\x00\x00\x01", "Tags": {"a": ["b"]}}


@pytest.mark.parametrize("address", ["serf://", "serf://:x", "serf://h:99999", "erl://n@h"])
def test_what_names_no_cluster_is_one_sentence(address: str) -> None:
    assert is_foreign(address)
    with pytest.raises(ForeignError, match=r"(write|it reads) serf://"):
        opened(address, lambda _word: None)


async def test_nobody_there_is_one_sentence() -> None:
    port = free_ports(1)[0]
    source = ForeignSource(f"serf://127.0.0.1:{port}")
    assert await source.look() == []
    assert f"no serf agent answers at 127.0.0.1:{port}" in source.trouble
    await source.close()


async def test_something_else_that_listens_is_no_agent() -> None:
    async def babble(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n" * 50)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(babble, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    source = ForeignSource(f"serf://127.0.0.1:{port}")
    assert await source.look() == []
    assert "agent" in source.trouble
    await source.close()
    server.close()


def free_ports(count: int) -> list[int]:
    """Ports that were free a moment ago."""
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


@pytest.mark.real
@pytest.mark.skipif(SERF is None, reason="Debian's serf is not installed")
async def test_a_killed_agent_is_seen_suspected_and_dead_by_all(tmp_path: Path) -> None:
    assert SERF is not None
    gossip, rpc = free_ports(3), free_ports(3)
    agents: list[Process] = []
    facts: list[object] = []
    source = ForeignSource("serf://" + ",".join(f"127.0.0.1:{port}" for port in rpc))
    try:
        for place in range(3):
            first = f"127.0.0.1:{gossip[0]}"  # which may not listen yet
            joins = [f"-retry-join={first}", "-retry-interval=300ms"] if place else []
            agent = await asyncio.create_subprocess_exec(
                *(SERF, "agent", f"-node=n{place + 1}", "-profile=local"),
                *(f"-bind=127.0.0.1:{gossip[place]}", f"-rpc-addr=127.0.0.1:{rpc[place]}"),
                *joins,
                stdout=DEVNULL,
                stderr=DEVNULL,
                cwd=tmp_path,
            )
            agents.append(agent)
        view = ClusterView()
        source.start()

        async def until(what: str, condition: Callable[[], bool], within_s: float = 45.0) -> None:
            nonlocal view
            deadline = monotonic() + within_s
            while True:
                told = source.drain()
                facts.extend(fact.payload for fact in told)
                view = fold(view, told)
                if condition():
                    return
                assert monotonic() < deadline, f"not seen: {what}; {verdict(view, now()).text}"
                await asyncio.sleep(0.05)

        await until("three that agree", lambda: verdict(view, now()).text == "3 nodes agree.")
        agents[2].kill()
        await until("a suspicion", lambda: any(isinstance(f, SuspicionRaised) for f in facts))

        def dead() -> bool:
            subject = agreement(view, now()).subjects.get(NodeId("n3"))
            if subject is None or subject.majority is None:
                return False
            return subject.majority.state is MemberState.DEAD and subject.agreed

        await until("n3 dead for both others", dead)
        incident = next(i for i in view.incidents if i.subject == "n3")
        assert incident.stage("suspected").ended
    finally:
        await source.close()
        for agent in agents:
            with suppress(ProcessLookupError):
                agent.kill()
            await agent.wait()


def now() -> int:
    """The wall's clock."""
    return time_ns() // 1_000


def test_the_command_knows_the_same_engines() -> None:
    assert set(FOREIGN) == set(ENGINES)


def test_no_screen_and_no_file_shows_what_is_secret_in_an_address() -> None:
    assert shown("serf://127.0.0.1:7373?auth=hunter2") == "serf://127.0.0.1:7373"
    assert shown("redis://me:hunter2@h:1,g:2") == "redis://me@h:1,g:2"
    assert shown("redis://me:hun?ter2@h:1") == "redis://h:1"
    assert shown("redis://me:hun@ter2@h:1") == "redis://me@h:1"
    assert shown("erlang://a@h,b@h") == "erlang://a@h,b@h"
    assert shown("127.0.0.1:7400") == "127.0.0.1:7400"
    with pytest.raises(ForeignError) as raised:
        opened("serf://h:99999?auth=hunter2", lambda _word: None)
    assert "hunter2" not in str(raised.value)
    with pytest.raises(ForeignError) as raised:
        opened("redis://me:hun?ter2@127.0.0.1:1", lambda _word: None)
    assert "hun" not in str(raised.value)


def test_a_file_with_an_at_sign_in_its_name_hides_no_host() -> None:
    file = "ssl_ca_certs=/etc/a@b/ca.pem"
    assert shown(f"rediss://h:1,g:2?{file}") == "rediss://h:1,g:2"
    assert shown(f"rediss://me:hunter2@h:1?{file}") == "rediss://me@h:1"
    assert shown(f"rediss://me:hunter2@[::1]:1/?{file}") == "rediss://me@[::1]:1/"
    assert shown("rediss://me:hun?ssl_ter=2@h:1") == "rediss://h:1"
    assert shown("redis://me:hun?ter=2@h:1") == "redis://h:1"


def test_an_erlang_name_beyond_ascii_is_refused_in_one_sentence() -> None:
    with pytest.raises(ForeignError, match=r"ASCII only and 'ä' is none; give"):
        opened("erlang://käse@host", lambda _word: None)


def test_engines_may_be_written_in_capitals_and_mistakes_tell_no_password() -> None:
    assert address("REDIS://h:1") == "redis://h:1"
    with pytest.raises(ArgumentTypeError) as raised:
        address("foo://me:hunter2@h:1")
    assert "hunter2" not in str(raised.value)
