"""What is said to a node of Redis and how its answers are taken, played by a server with a script."""

from __future__ import annotations

import asyncio
import tracemalloc
from time import monotonic
from typing import cast

import pytest

from cluster.model.member import NodeId
from tests.tui.foreign.redis.servers import free_port
from tests.tui.foreign.redis.test_redis import trouble
from tui.fold import fold
from tui.judge.verdict import verdict
from tui.sources.foreign.redis_bounds import REPLIES_MAX
from tui.sources.foreign.redis_cluster import ALLOWED, RETRY_S, STANDING_S
from tui.sources.foreign.watching import ForeignSource
from tui.view import ClusterView

CHANGING = {
    "MEET",
    "FORGET",
    "FAILOVER",
    "ADDSLOTS",
    "RESET",
    "REPLICATE",
    "SET",
    "CONFIG",
    "FLUSHALL",
}
A, B = "a" * 40, "b" * 40


def resp(value: object) -> bytes:
    """A value as a server writes it."""
    if isinstance(value, list):
        parts = cast("list[object]", value)
        return f"*{len(parts)}\r\n".encode() + b"".join(map(resp, parts))
    if isinstance(value, int):
        return f":{value}\r\n".encode()
    return f"${len(str(value))}\r\n{value}\r\n".encode()


POURED_MAX = 256 * 1_048_576


class Scripted:
    """A server that answers what it is told to, and notes every order."""

    def __init__(self, nodes: str = "") -> None:
        self.orders: list[str] = []
        self.nodes = nodes
        self.info = "redis_version:7.0.15\r\nrun_id:1\r\ntotal_commands_processed:9"
        self.lists: dict[str, object] = {}
        """Answers that are no text, by order."""
        self.endless = ""
        """The order that is answered without end."""
        self.listed = False
        """And whether by a list."""
        self.poured = 0
        self._links: list[asyncio.StreamWriter] = []
        self.raw = b""
        """Instead of any answer."""

    async def __aenter__(self) -> Scripted:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    def hang_up(self) -> None:
        """On everybody."""
        for link in self._links:
            link.close()
        self._links.clear()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._links.append(writer)
        try:
            while line := await reader.readline():
                words: list[str] = []
                for _ in range(int(line[1:])):
                    length = int((await reader.readline())[1:])
                    words.append((await reader.readexactly(length + 2))[:-2].decode())
                if self.endless and " ".join(words).startswith(self.endless):
                    await self._pour(writer)
                writer.write(self.raw or self._answer(words))
        except (ValueError, OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _pour(self, writer: asyncio.StreamWriter) -> None:
        """One text of two gigabytes, or a list of texts, for as long as anybody reads it."""
        writer.write(b"*1000000000\r\n" if self.listed else b"$2000000000\r\n")
        part = b"$65536\r\n%b\r\n" if self.listed else b"%b"
        while self.poured < POURED_MAX:
            writer.write(part % (b"x" * 65_536))
            self.poured += 65_536
            await writer.drain()

    def _answer(self, words: list[str]) -> bytes:
        order = " ".join(words[:2]) if words[0] == "CLUSTER" else words[0]
        self.orders.append(order)
        if order in self.lists:
            return resp(self.lists[order])
        said = {
            "AUTH": "",
            "CLUSTER NODES": self.nodes.replace("PORT", str(self.port)),
            "INFO": self.info,
            "CLUSTER INFO": "cluster_state:ok",
        }.get(order)
        if order == "AUTH":
            return b"+OK\r\n"
        if order == "CLUSTER COUNT-FAILURE-REPORTS":
            return b":1\r\n"
        if said is None:
            return b"-ERR unknown command\r\n"
        return f"${len(said.encode())}\r\n{said}\r\n".encode()


OWN = f"{A} 127.0.0.1:PORT@1 myself,master - 0 0 1 connected 0-16383\n"


async def test_nothing_is_said_that_is_not_allowed() -> None:
    doubted = f"{B} 127.0.0.1:1@2 slave,fail? {A} 1 1 1 connected\n"
    async with Scripted(OWN + doubted) as server:
        source = ForeignSource(f"redis://user:word@127.0.0.1:{server.port}")
        for _ in range(3):
            await source.look()
        await source.close()
        assert set(server.orders) == ALLOWED
        assert not {word for order in ALLOWED for word in order.split()} & CHANGING


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"$99999999999999999999\r\n",
        b"\x00\xff\r\n",
        b":7\r\n",
        b"*-1\r\n",
    ],
)
async def test_something_else_that_listens_is_no_redis_server(raw: bytes) -> None:
    async with Scripted() as server:
        server.raw = raw * 8
        said = await trouble(f"redis://127.0.0.1:{server.port}")
        assert f"127.0.0.1:{server.port}" in said
        assert "Traceback" not in said


@pytest.mark.parametrize(
    "raw",
    [b"$2000000000\r\n" + b"x" * 1_000, b"+" + b"x" * 100_000, b"*1\r\n" * 20_000],
)
async def test_what_says_more_than_a_server_does_is_let_go_at_once(raw: bytes) -> None:
    async with Scripted() as server:
        server.raw = raw
        said = await trouble(f"redis://127.0.0.1:{server.port}")
        assert said == f"127.0.0.1:{server.port} speaks, but not as a redis server does"


async def test_a_refusal_is_told_without_what_a_terminal_would_obey() -> None:
    async with Scripted() as server:
        server.raw = b"-ERR \x1b]0;pwned\x07\x1b[2JBOO\r\n"
        said = await trouble(f"redis://127.0.0.1:{server.port}")
    assert "BOO" in said
    assert said.isprintable()


async def test_what_can_be_no_hosts_name_is_one_sentence() -> None:
    assert "no host's name" in await trouble(f"redis://{'a' * 80}:7")


async def test_a_dead_seed_and_an_unreachable_member_keep_nobody_from_the_rest() -> None:
    gone = free_port()
    away = f"{B} 127.0.0.1:{gone}@1 slave {A} 0 1795389318793 1 connected\n"
    async with Scripted(OWN + away) as server:
        source = ForeignSource(f"redis://127.0.0.1:{free_port()},127.0.0.1:{server.port}")
        view = fold(ClusterView(), await source.look())
        view = fold(view, await source.look())
        await source.close()
        assert source.trouble == ""
        assert set(view.nodes) == {f"r{server.port}", f"r{gone}"}
        assert view.nodes[NodeId(f"r{server.port}")].connected
        assert not view.nodes[NodeId(f"r{gone}")].connected


async def test_who_is_known_to_nobody_any_more_is_not_asked_again() -> None:
    async with Scripted() as leaver, Scripted() as stayer:
        old = f"{B} 127.0.0.1:{leaver.port}@1 slave {A} 0 1795389318793 1 connected\n"
        leaver.nodes = OWN.replace(A, B)
        stayer.nodes = OWN + old
        source = ForeignSource(f"redis://127.0.0.1:{stayer.port}")
        await source.look()
        assert "CLUSTER NODES" in leaver.orders
        stayer.nodes, leaver.raw = OWN, b"-LOADING for ever\r\n"
        await source.look()  # it is silent now, and nobody lists it
        asked = stayer.orders.count("CLUSTER NODES")
        leaver.orders.clear()
        leaver.raw = b""
        await asyncio.sleep(0)
        deadline = monotonic() + RETRY_S + 0.5
        while monotonic() < deadline:
            await source.look()
        assert stayer.orders.count("CLUSTER NODES") > asked
        assert not leaver.orders
        await source.close()


REPLICA = "redis_version:7.0.15\r\nrun_id:{}\r\nrole:slave\r\nmaster_link_status:{}\r\nmaster_sync_in_progress:{}"


async def test_a_replica_is_an_owner_when_its_own_link_has_been_up_in_this_life() -> None:
    gone = free_port()
    lines = (
        f"{A} 127.0.0.1:PORT@1 myself,slave {B} 0 0 1 connected\n"
        f"{B} 127.0.0.1:{gone}@1 master - 0 1 1 connected 0-16383\n"
    )
    async with Scripted(lines) as server:
        source = ForeignSource(f"redis://127.0.0.1:{server.port}")
        view, name = ClusterView(), NodeId(f"r{server.port}")

        async def filling(*said: object) -> int:
            nonlocal view
            server.info = REPLICA.format(*said)
            view = fold(view, await source.look())
            return view.nodes[name].filling

        assert await filling("1", "down", 1) == 256
        assert dict(view.nodes[name].extras)["copying from"] == f"r{gone}"
        assert await filling("1", "down", 0) == 256, "connecting anew is not holding"
        assert await filling("1", "up", 0) == 0, "asked in each look, not once a second"
        assert await filling("1", "down", 0) == 0, "a link that breaks leaves a copy"
        server.hang_up()
        deadline = monotonic() + 30
        while not await filling("2", "down", 0):
            assert monotonic() < deadline, "another process has nothing yet"
            await asyncio.sleep(0.02)
        await source.close()


async def test_a_replica_whose_master_died_before_we_came_holds_its_copy() -> None:
    lines = (
        f"{A} 127.0.0.1:PORT@1 myself,slave {B} 0 0 1 connected\n"
        f"{B} 127.0.0.1:{free_port()}@1 master - 0 1 1 connected 0-16383\n"
    )
    for since, filling in (("3", 0), ("-1", 256)):
        async with Scripted(lines) as server:
            down = REPLICA.format("1", "down", 0)
            server.info = f"{down}\r\nmaster_link_down_since_seconds:{since}"
            source = ForeignSource(f"redis://127.0.0.1:{server.port}")
            view = fold(ClusterView(), await source.look())
            await source.close()
            assert view.nodes[NodeId(f"r{server.port}")].filling == filling


def shards(**offsets: int) -> list[object]:
    """`CLUSTER SHARDS` of one shard: nodes by the letter of their ids."""
    nodes: list[object] = [
        ["id", letter * 40, "role", "", "replication-offset", offset, "health", "online"]
        for letter, offset in offsets.items()
    ]
    return [["slots", [0, 16_383], "nodes", nodes]]


async def test_a_replica_is_as_far_behind_as_it_and_its_master_say_themselves() -> None:
    async with Scripted() as master, Scripted() as replica:
        at = f"{A} 127.0.0.1:{master.port}@1 {{}}master - 0 0 1 connected 0-16383\n"
        copy = f"{B} 127.0.0.1:{replica.port}@1 {{}}slave {A} 0 0 1 connected\n"
        master.nodes = at.format("myself,") + copy.format("")
        replica.nodes = at.format("") + copy.format("myself,")
        master.lists = {"CLUSTER SHARDS": shards(a=9_000_000, b=10)}
        replica.lists = {"CLUSTER SHARDS": shards(a=20, b=5_500_000)}
        link = ["direction", "to", "node", B, "events", "rw", "send-buffer-allocated", 70_000]
        master.lists["CLUSTER LINKS"] = [link, [*link[:5], "r", "send-buffer-allocated", 48]]
        source = ForeignSource(f"redis://127.0.0.1:{master.port}")
        view, deadline = ClusterView(), monotonic() + 30
        copied = told = dict[str, str]()
        while copied.get("behind its master") != "3.5 MB" or "next master" not in told:
            view = fold(view, await source.look())  # a pulse a second tells it
            told = dict(view.nodes[NodeId(f"r{master.port}")].extras)
            copied = dict(view.nodes[NodeId(f"r{replica.port}")].extras)
            if monotonic() > deadline:
                break
            await asyncio.sleep(0.01)
        await source.close()
    assert copied["behind its master"] == "3.5 MB"
    assert told["next master"] == f"r{replica.port}, 3.5 MB behind"
    assert told["waits on its bus"] == f"70 kB, most to r{replica.port}"


async def test_a_server_that_does_not_know_a_question_is_asked_it_once_a_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tui.sources.foreign.redis_cluster.STANDING_S", 1e-6)
    lines = (
        f"{A} 127.0.0.1:PORT@1 myself,slave {B} 0 0 1 connected\n"
        f"{B} 127.0.0.1:{free_port()}@1 master - 0 1 1 connected 0-16383\n"
    )
    async with Scripted(lines) as server:
        source = ForeignSource(f"redis://127.0.0.1:{server.port}")
        view = fold(ClusterView(), await source.look())
        for _ in range(5):
            await source.look()
        await source.close()
    assert source.trouble == ""
    assert server.orders.count("CLUSTER NODES") > 5
    assert server.orders.count("CLUSTER SHARDS") == 1
    assert server.orders.count("CLUSTER LINKS") == 1
    assert dict(view.nodes[NodeId(f"r{server.port}")].extras)["behind its master"] == "not told"


async def test_how_far_replicas_are_is_asked_sparsely() -> None:
    async with Scripted(OWN) as server:
        source = ForeignSource(f"redis://127.0.0.1:{server.port}")
        began = monotonic()
        for _ in range(60):
            await source.look()
        turns = (monotonic() - began) // STANDING_S + 2
        await source.close()
    assert server.orders.count("CLUSTER NODES") == 60
    assert server.orders.count("CLUSTER SHARDS") <= turns


@pytest.mark.parametrize("listed", [False, True])
@pytest.mark.parametrize("order", ["AUTH", "CLUSTER NODES", "CLUSTER SHARDS"])
async def test_an_answer_without_end_is_one_sentence_and_takes_little_memory(
    order: str, *, listed: bool
) -> None:
    """Holds what `redis_bounds` puts around redis-py's private streams: an upgrade may drop it silently."""
    async with Scripted(OWN) as server:
        server.endless, server.listed = order, listed
        tracemalloc.start()
        try:
            said = await trouble(f"redis://user:word@127.0.0.1:{server.port}")
            _, most = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert said == f"127.0.0.1:{server.port} speaks, but not as a redis server does"
    assert most < 3 * REPLIES_MAX
    assert server.poured < POURED_MAX, "it was hung up on"


async def test_a_member_that_takes_connections_and_says_nothing_is_not_called_unasked() -> None:
    async with Scripted(OWN) as server, Scripted() as stuck:
        stuck.endless = "CLUSTER NODES"
        stuck.poured = POURED_MAX  # a beginning, and nothing after it
        server.nodes += f"{B} 127.0.0.1:{stuck.port}@1 slave {A} 0 1795389318793 1 connected\n"
        source = ForeignSource(f"redis://127.0.0.1:{server.port}")
        view, deadline = ClusterView(), monotonic() + 30
        wanted = f"r{stuck.port} does not answer us; the others hold it alive."
        while not (said := verdict(view, view.at).text).startswith(wanted):
            assert monotonic() < deadline, said
            view = fold(view, await source.look())
            await asyncio.sleep(0.01)
        await source.close()
