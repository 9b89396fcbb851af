"""A real Redis Cluster, read and never written to; and servers that are none, one sentence each."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic, time_ns

import pytest

from cluster.model.facts import SnapshotTaken
from cluster.model.incident import Incident
from cluster.model.member import MemberState, NodeId
from tests.tui.foreign.redis.servers import MISSING, SERVER, WATCHER, Servers, free_port
from tui.fold import fold
from tui.judge.agreement import agreement
from tui.judge.exposure import common_ring, served
from tui.judge.verdict import verdict
from tui.sources.foreign.watching import ForeignError, ForeignSource, opened
from tui.timeline.recording import Recording
from tui.view import ClusterView

COMMAND = [sys.executable, str(Path(__file__).parents[4] / "masterless.py")]
OPENSSL = shutil.which("openssl")
real = pytest.mark.real
needs_redis = pytest.mark.skipif(SERVER is None, reason=MISSING)


def now() -> int:
    """The wall's clock."""
    return time_ns() // 1_000


class Watcher:
    """What is seen of a cluster, for as long as somebody asks."""

    def __init__(self, source: ForeignSource) -> None:
        self.source = source
        self.view = ClusterView()

    def take(self) -> ClusterView:
        """Everything that was told until now."""
        self.view = fold(self.view, self.source.drain())
        return self.view

    async def until(self, what: str, condition: Callable[[], bool], within_s: float = 60.0) -> None:
        """Look until something is seen."""
        deadline = monotonic() + within_s
        while True:
            self.take()
            if condition():
                return
            assert monotonic() < deadline, f"not seen: {what}; {verdict(self.view, now()).text}"
            await asyncio.sleep(0.02)

    def agreed(self, name: str) -> MemberState | None:
        """What all others hold of a node; None while they differ."""
        subject = agreement(self.view, now()).subjects.get(NodeId(name))
        held = subject.majority if subject is not None and subject.agreed else None
        return held.state if held is not None else None

    def record(self, name: str) -> Incident:
        """Its last failure."""
        return [i for i in self.view.incidents if i.subject == name][-1]


@asynccontextmanager
async def watching(address: str) -> AsyncGenerator[Watcher]:
    source = ForeignSource(address)
    source.start()
    try:
        yield Watcher(source)
    finally:
        await source.close()


@pytest.fixture
def servers(tmp_path: Path) -> Generator[Servers]:
    begun = Servers(tmp_path)
    yield begun
    begun.end()


@pytest.fixture
def six(servers: Servers) -> Servers:
    """Three masters, each with a replica; a user that may only be a watcher."""
    for _ in range(6):
        servers.begin(WATCHER)
    servers.found()
    return servers


# --- a cluster -----------------------------------------------------------------------------------


@real
@needs_redis
async def test_a_killed_master_is_replaced_stage_by_stage_and_comes_back_as_a_replica(
    six: Servers,
) -> None:
    dead, seed = six.ports[1], six.ports[0]
    async with watching(f"redis://127.0.0.1:{seed}") as watcher:
        whole = "6 nodes agree. Every key has 2 of 2 owners."
        await watcher.until("all six", lambda: verdict(watcher.view, now()).text == whole)
        assert all(len(node.beliefs) == 5 for node in watcher.view.nodes.values())
        assert sum(node.rule.leads for node in watcher.view.nodes.values()) == 3
        six.kill(dead)
        name = f"r{dead}"
        await watcher.until("it dead for all", lambda: watcher.agreed(name) is MemberState.DEAD)
        # Redis has said so itself by now: nothing is told that it does not hold.
        assert "fail" in next(
            line for line in six.say(seed, "CLUSTER", "NODES").splitlines() if f":{dead}@" in line
        )
        await watcher.until(
            "a successor", lambda: bool(watcher.record(name).stage("covered").ended)
        )
        record = watcher.record(name)
        moments = [
            record.stage(stage).ended for stage in ("silent", "suspected", "dead", "promoted")
        ]
        assert moments == sorted(moments)
        heir = record.stage("promoted").witness
        assert heir in {f"r{port}" for port in six.ports[3:]}
        assert six.say(int(heir[1:]), "ROLE").startswith("master")
        assert f"{heir} leads what it led" in verdict(watcher.view, now()).text
        judged = agreement(watcher.view, now())
        assert served(watcher.view.nodes, judged, now())[0] == 0, "all slots are covered again"
        six.start(dead)
        await watcher.until("the end", lambda: bool(watcher.record(name).ended))
        assert verdict(watcher.view, now()).text.startswith(f"{name} is back")
        assert watcher.view.nodes[NodeId(name)].rule.master == heir


@real
@needs_redis
async def test_slots_of_a_dead_master_without_replicas_stay_uncovered(six: Servers) -> None:
    dead = six.ports[1]
    async with watching(f"redis://127.0.0.1:{six.ports[2]}") as watcher:
        await watcher.until("all six", lambda: len(agreement(watcher.view, now()).observers) == 6)
        ring = common_ring(watcher.view.nodes, now())
        assert ring is not None
        assert (ring.slots, ring.led) == (16_384, True)
        pairs = {tuple(ring.members[o] for o in owners) for owners in ring.owners}
        lost = next(copy for first, copy in pairs if first == f"r{dead}")
        six.kill(int(lost[1:]))
        await watcher.until("the replica dead", lambda: watcher.agreed(lost) is MemberState.DEAD)
        assert watcher.record(lost).stage("promoted").skipped, "it led nothing"
        six.kill(dead)
        await watcher.until(
            "its master too", lambda: watcher.agreed(f"r{dead}") is MemberState.DEAD
        )
        count = sum(ring.members[owners[0]] == f"r{dead}" for owners in ring.owners)
        said = f"{count} of 256 partitions"
        await watcher.until("slots of nobody", lambda: said in verdict(watcher.view, now()).text)
        assert watcher.record(f"r{dead}").stage("promoted").open


@real
@needs_redis
async def test_a_member_that_joins_and_one_that_is_forgotten_are_followed(six: Servers) -> None:
    async with watching(f"redis://127.0.0.1:{six.ports[0]}") as watcher:
        await watcher.until("all six", lambda: len(agreement(watcher.view, now()).observers) == 6)
        new = six.begin(WATCHER)
        six.say(six.ports[0], "CLUSTER", "MEET", "127.0.0.1", str(new))
        await watcher.until("a seventh", lambda: len(agreement(watcher.view, now()).observers) == 7)
        name, id_ = f"r{new}", six.id(new)
        await watcher.until("it alive", lambda: watcher.agreed(name) is MemberState.ALIVE)
        six.kill(new)
        for port in six.ports[:6]:
            six.say(port, "CLUSTER", "FORGET", id_)
        await watcher.until("it forgotten", lambda: watcher.agreed(name) is MemberState.REMOVED)


@real
@needs_redis
async def test_a_user_that_may_only_look_sees_everything_and_is_refused_nothing(
    six: Servers,
) -> None:
    seed = six.ports[5]
    async with watching(f"redis://watcher:secret@127.0.0.1:{seed}") as watcher:
        await watcher.until("all six", lambda: len(agreement(watcher.view, now()).observers) == 6)
        replica = watcher.view.nodes[NodeId(f"r{seed}")]
        assert not replica.rule.leads
        await watcher.until("memory", lambda: bool(watcher.view.nodes[NodeId(f"r{seed}")].samples))
        assert watcher.view.nodes[NodeId(f"r{seed}")].samples[-1].resident_bytes > 1_000_000
        lacks = dict(watcher.view.nodes[NodeId(f"r{seed}")].extras)["behind its master"]
        assert lacks.endswith("bytes"), "Redis 7 tells its replicas' offsets"
        six.process(six.ports[0]).send_signal(19)  # stopped: it must hold up nobody
        name = f"r{six.ports[0]}"
        await watcher.until("it dead", lambda: watcher.agreed(name) is MemberState.DEAD)
        six.process(six.ports[0]).send_signal(18)
        await watcher.until("it alive", lambda: watcher.agreed(name) is MemberState.ALIVE)
    for port in six.ports:
        assert six.say(port, "ACL", "LOG") == "", "something was asked that a watcher may not"


@real
@needs_redis
def test_the_words_of_the_command_look_at_it_too(six: Servers, tmp_path: Path) -> None:
    address = f"redis://watcher:secret@127.0.0.1:{six.ports[0]}"

    def run(*words: str, code: int = 0) -> str:
        done = subprocess.run([*COMMAND, *words], capture_output=True, text=True, timeout=100)
        assert done.returncode == code, done.stdout + done.stderr
        assert "secret" not in done.stdout + done.stderr
        return done.stdout + done.stderr

    said = json.loads(run("status", address, "--json"))
    assert said["verdict"] == "6 nodes agree. Every key has 2 of 2 owners."
    assert said["ring"]["partitions"] == 256
    assert len(json.loads(run("members", address, "--json"))) == 6
    assert "256 partitions" in run("ring", address)
    kept = tmp_path / "redis.rec"
    run("record", address, str(kept), "--for", "2")
    assert b"secret" not in kept.read_bytes()
    with Recording(kept) as reel:
        view = reel.view_at(reel.end_us)
        assert verdict(view, view.at).text == "6 nodes agree. Every key has 2 of 2 owners."
        assert sum(node.rule.leads for node in view.nodes.values()) == 3
    assert "of another engine" in run("incidents", address, code=2)
    assert "the user or the password" in run("status", address.replace("secret", "wrong"), code=3)


# --- what is none --------------------------------------------------------------------------------


async def trouble(address: str) -> str:
    """Why nobody can be read there."""
    source = ForeignSource(address)
    try:
        assert await source.look() == []
        return source.trouble
    finally:
        await source.close()


@real
@needs_redis
async def test_a_server_that_is_in_no_cluster_is_one_sentence(servers: Servers) -> None:
    port = servers.begin(cluster=False)
    assert "in no cluster" in await trouble(f"redis://127.0.0.1:{port}")


@real
@needs_redis
async def test_passwords_are_asked_for_and_never_told(servers: Servers) -> None:
    port = servers.begin("requirepass open-sesame")
    assert "wants a password" in await trouble(f"redis://127.0.0.1:{port}")
    said = await trouble(f"redis://:guessed@127.0.0.1:{port}")
    assert "refused the user or the password" in said
    assert "guessed" not in said
    source = ForeignSource(f"redis://:open%2Dsesame@127.0.0.1:{port}")
    assert any(isinstance(fact.payload, SnapshotTaken) for fact in await source.look())
    await source.close()


@real
@needs_redis
async def test_a_user_that_may_not_ask_is_told_what_it_lacks(servers: Servers) -> None:
    port = servers.begin("user blind on >secret -@all +ping")
    assert "let it run CLUSTER NODES" in await trouble(f"redis://blind:secret@127.0.0.1:{port}")


@real
@needs_redis
@pytest.mark.skipif(OPENSSL is None, reason="openssl is not installed")
async def test_over_tls_a_certificate_is_checked(servers: Servers, tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    made = ["-newkey", "rsa:2048", "-nodes", "-keyout", str(key), "-out", str(certificate)]
    named = ["-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
    assert OPENSSL is not None
    done = await asyncio.create_subprocess_exec(
        *(OPENSSL, "req", "-x509", *made, *named), stderr=asyncio.subprocess.DEVNULL
    )
    assert await done.wait() == 0
    files = (
        f"tls-cert-file {certificate}",
        f"tls-key-file {key}",
        f"tls-ca-cert-file {certificate}",
    )
    port = servers.begin(*files, "tls-auth-clients no", tls=True)
    source = ForeignSource(f"rediss://127.0.0.1:{port}?ssl_ca_certs={certificate}")
    assert any(isinstance(fact.payload, SnapshotTaken) for fact in await source.look())
    await source.close()
    assert "?ssl_ca_certs=FILE" in await trouble(f"rediss://127.0.0.1:{port}")
    assert "write rediss://" in await trouble(f"redis://127.0.0.1:{port}")
    plain = servers.begin()
    assert "write redis://" in await trouble(f"rediss://127.0.0.1:{plain}")


async def test_nobody_there_is_one_sentence() -> None:
    port = free_port()
    said = await trouble(f"redis://127.0.0.1:{port}")
    assert said == f"no redis server answers at 127.0.0.1:{port} (Connection refused)"


@pytest.mark.parametrize(
    "address",
    [
        "redis://",
        "redis://h:x",
        "redis://h?ssl_ca_certs=f",
        "rediss://h?colour=blue",
        "redis://:pw@",
        "redis://h:0",
    ],
)
def test_what_names_no_cluster_is_one_sentence(address: str) -> None:
    with pytest.raises(ForeignError, match=r"write rediss?://\[USER:PASSWORD@\]HOST:PORT"):
        opened(address, lambda _word: None)
