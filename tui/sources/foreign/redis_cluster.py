"""Redis Cluster (and Valkey): each node asked itself, over one connection each.

    redis://[USER:PASSWORD@]HOST:PORT[,HOST:PORT...]     rediss:// is the same over TLS, with `TLS` as options

Asked ten times a second: `CLUSTER NODES` of every node, which is its row of the matrix (`fail?` is
suspect, `fail` is dead) and its table of slots; once a second `INFO` and `CLUSTER INFO`; while a node
suspects somebody, how many masters report the same to it; every five seconds how far replicas are, and
what waits on its bus (Redis 7 and later). Nothing else is sent: `ALLOWED` is all that this module can
say. The cluster's own bus is left alone. What answers say is read in `redis_replies` and `redis_standing`.
"""

from __future__ import annotations

import asyncio
import re
from importlib import import_module
from time import time_ns
from typing import Any, Final
from urllib.parse import unquote

from cluster.model.member import Address, MemberState, NodeId
from cluster.model.summary import RingTable, Rule, Telling
from tui.judge.wording import counted
from tui.sources.foreign.redis_bounds import REPLIES_MAX, Budget, bounded
from tui.sources.foreign.redis_replies import (
    NODES_MAX,
    Known,
    Names,
    calls,
    copies_of,
    fields_of,
    nodes_of,
    number,
    table_of,
)
from tui.sources.foreign.redis_standing import (
    BACKLOG,
    Standing,
    standing_words,
    standings_of,
    waiting_of,
    waiting_words,
)
from tui.sources.foreign.redis_troubles import sentence
from tui.sources.foreign.seen import Look, Opinion, Row

ALLOWED: Final = frozenset(
    {"AUTH", "CLUSTER NODES", "CLUSTER INFO", "CLUSTER COUNT-FAILURE-REPORTS", "INFO"}
) | {"CLUSTER SHARDS", "CLUSTER LINKS"}
"""Every command that is ever sent: none of them changes anything."""
TLS: Final = frozenset(
    {"ssl_ca_certs", "ssl_certfile", "ssl_keyfile", "ssl_cert_reqs", "ssl_check_hostname"}
)
"""Options, as redis-py's addresses spell them."""
PORT: Final = 6379
INFO_S: Final = 1.0
"""How often counters are asked for; they are of no use more often."""
STANDING_S: Final = 5.0
"""How often it is asked how far replicas are: of all nodes in the same look, or they do not compare."""
WITHIN_S: Final = 1.5
"""For one answer; a node that takes longer is silent."""
FIRST_S: Final = 5.0
"""For the first answer of a node, with a connection before it."""
WAITED_S: Final = 1.0
"""Who was never met and does not answer for so long is silent, though it may still answer."""
PATIENCE_S: Final = 0.25
"""A look waits no longer, but for the first: a node that is stopped holds up nobody."""
RETRY_S: Final = 0.5
"""How long a node that could not be reached is left alone."""
ROUNDS: Final = 3
"""In one look: those named, those they know, those that only these know."""


class RedisError(Exception):
    """A node cannot be read: one sentence."""


# --- one node ------------------------------------------------------------------------------------


class Server:
    """One node, over one connection."""

    def __init__(self, address: Address, open_: dict[str, Any]) -> None:
        self.address = address
        self.id = ""
        self.why = ""
        """Why it cannot be read now; empty when it can."""
        self.retry_at = 0.0
        self.known: list[Known] = []
        self.info: dict[str, str] = {}
        self.reports: dict[str, int] = {}
        """By id: how many masters report it failing, of those this node suspects."""
        self.per_s: dict[str, float] = {}
        """Each second: commands it was given but for `CHORES`, lookups of keys among them (what clients
        ask of a replica: its writes are its master's), messages it sent on its bus."""
        self.started_at = 0
        self.copying = False
        """It is a replica that does not hold yet what its master has."""
        self.standings: dict[str, Standing] = {}
        """By id, as this node tells them; empty where it does not."""
        self.waiting: dict[str, int] = {}
        """By id: bytes that wait to be sent there on its bus."""
        self.turn = -1
        """Of `STANDING_S`: when it was asked for these."""
        self._unknown: set[str] = set()
        """What this server does not know, or its user may not ask: not asked again."""
        self.pending: asyncio.Task[None] | None = None
        self.pending_since = 0.0
        self._open = open_
        self._library: Any = None
        self._link: Any = None
        self._reads = Budget()
        self._asked_at = -INFO_S
        self._anew = True
        self._counts: tuple[int, ...] | None = None
        self._copied = ("", "")
        """Of which master this process (by its run_id) has had all once."""

    async def ask(self) -> None:
        """Bring all of this up to date. Raises RedisError."""
        now = asyncio.get_running_loop().time()
        if self._library is None:
            self._library = import_module("redis.asyncio.connection")  # takes its time
        commands: list[tuple[str, ...]] = [("CLUSTER NODES",)]
        counted = self._anew or now - self._asked_at >= INFO_S
        if counted:
            commands += [("INFO",), ("INFO", "commandstats"), ("CLUSTER INFO",)]
        linked = not counted and self.copying
        if linked:  # how a copy that is being made stands is asked in each look
            commands.append(("INFO", "replication"))
        sparse = self._sparse(now)
        commands += [(command,) for command in sparse]
        doubted = [k.id for k in self.known if k.state is MemberState.SUSPECT]
        commands += [("CLUSTER COUNT-FAILURE-REPORTS", id_) for id_ in doubted]
        try:
            async with asyncio.timeout(WITHIN_S if self.id else FIRST_S):
                answers = await self._say(commands)
        except Exception as error:
            await self.close()
            why = sentence(self.address, error, tls=bool(self._open.get("tls")), met=bool(self.id))
            raise RedisError(why) from None
        lines = nodes_of(str(answers[0]))
        own = next((k for k in lines if "myself" in k.flags), None)
        if own is None:
            raise RedisError(f"{self.address} speaks, but not as a node of a redis cluster does")
        self.id, self.known = own.id, lines
        if counted:
            self._count(f"{answers[1]}\n{answers[2]}", str(answers[3]), now)
        elif linked:
            self.info = {**self.info, **fields_of(str(answers[1]))}
        self._link_seen(own, asked=counted or linked)
        asked = len(commands) - len(doubted)
        told = answers[asked:]
        self._stand(dict(zip(sparse, answers[asked - len(sparse) : asked], strict=True)))
        self.reports = {id_: number(str(said)) for id_, said in zip(doubted, told, strict=True)}

    def _sparse(self, now: float) -> list[str]:
        """What is asked only now and then, by everybody's clock."""
        turn, self.turn = self.turn, int(now // STANDING_S)
        if turn == self.turn:
            return []
        return [each for each in ("CLUSTER SHARDS", "CLUSTER LINKS") if each not in self._unknown]

    def _stand(self, told: dict[str, object]) -> None:
        self._unknown.update(command for command, said in told.items() if said == "")
        if "CLUSTER SHARDS" in told:
            self.standings = standings_of(told["CLUSTER SHARDS"])
        if "CLUSTER LINKS" in told:
            self.waiting = waiting_of(told["CLUSTER LINKS"])

    def _link_seen(self, own: Known, *, asked: bool) -> None:
        """Whether it holds all that its master has; one that may not say is taken to.

        A link that broke later leaves an older copy, and `INFO` says so; it is no empty one. Since when
        it is down is told only of a link that was up in this life (else it is -1): whoever comes
        after a master's death must not take its replica for an empty one.
        """
        info, life = self.info, (own.master, self.info.get("run_id", ""))
        syncing = info.get("master_sync_in_progress") == "1"
        was_up = info.get("master_link_down_since_seconds", "").isdigit()
        if asked and (was_up or info.get("master_link_status") == "up") and not syncing:
            self._copied = life
        self.copying = bool(own.master and "role" in info) and (syncing or self._copied != life)

    async def _say(self, commands: list[tuple[str, ...]]) -> list[object]:
        """All at once; one answer each, an error only for the first."""
        assert all(words[0] in ALLOWED for words in commands), "nothing that a reader says"
        if self._link is None:
            host, _, port = self.address.rpartition(":")
            tls = self._open.get("tls")
            kind = self._library.SSLConnection if tls else self._library.Connection
            options = {name: value for name, value in self._open.items() if name != "tls"}
            self._link = kind(
                host=host.strip("[]"),
                port=int(port),
                protocol=2,  # 3 would say HELLO first
                driver_info=None,  # else it says CLIENT SETINFO
                decode_responses=True,
                encoding_errors="replace",
                **options,
            )
            self._reads = bounded(self._link)
            await self._link.connect()
        self._reads.left = REPLIES_MAX
        await self._link.send_packed_command(self._link.pack_commands(commands))
        answers: list[object] = []
        errors = import_module("redis.exceptions")
        for place in range(len(commands)):
            try:
                answers.append(await self._link.read_response())
            except errors.ResponseError:
                if not place:
                    raise
                answers.append("")
        return answers

    def _count(self, info: str, bus: str, now: float) -> None:
        known = fields_of(info)
        if known.get("run_id") != self.info.get("run_id"):
            self._counts = None
            self.started_at = (
                time_ns() // 1_000 - number(known.get("uptime_in_seconds", "")) * 10**6
            )
        self.info = {**known, **fields_of(bus)}
        counts = (
            sum(calls(name, said) for name, said in known.items()),
            number(known.get("keyspace_hits", "")) + number(known.get("keyspace_misses", "")),
            number(self.info.get("cluster_stats_messages_sent", "")),
        )
        if self._counts is not None:
            passed = max(now - self._asked_at, 0.001)
            per_s = (
                max(0, new - old) / passed for new, old in zip(counts, self._counts, strict=True)
            )
            self.per_s = dict(zip(("commands", "lookups", "messages"), per_s, strict=True))
        self._counts, self._asked_at, self._anew = counts, now, False

    async def close(self) -> None:
        """Hang up. What it says when it answers again may be said by another process."""
        link, self._link = self._link, None
        self._anew, self.turn = True, -1
        self._unknown.clear()
        if link is not None:
            await link.disconnect(nowait=True)


def login(user: str, options: dict[str, str], *, tls: bool) -> dict[str, Any]:
    """What a connection is opened with, from an address. Raises ValueError for what it is not."""
    name, _, password = user.partition(":")
    known: dict[str, Any] = {"tls": tls, "username": unquote(name), "password": unquote(password)}
    for option, value in options.items():
        if not tls or option not in TLS:
            raise ValueError(option)
        known[option] = value.lower() in ("yes", "true", "1") if "hostname" in option else value
    return {name: value for name, value in known.items() if value != ""}


# --- all of them ---------------------------------------------------------------------------------


class Redis:
    """All nodes of one cluster that can be reached."""

    name = "redis"

    def __init__(self, addresses: list[Address], open_: dict[str, Any]) -> None:
        self._open = open_
        self._servers = {address: Server(address, open_) for address in addresses}
        self._named = frozenset(addresses)
        self._names = Names()
        self._tables: dict[object, RingTable] = {}
        self._begun = False

    async def look(self, every_us: int) -> Look:
        """Ask everybody at once, and in the first look also whom they know."""
        asked: set[Address] = set()
        answered: list[Server] = []
        for _ in range(ROUNDS):
            now = asyncio.get_running_loop().time()
            due = [
                server
                for address, server in self._servers.items()
                if address not in asked and (not server.why or now >= server.retry_at)
            ]
            if not due:
                break
            asked.update(server.address for server in due)
            answered += await self._ask(due, now)
            self._learn(answered)
        self._begun = True
        self._forget(answered)
        self._names.take(k for server in answered for k in server.known)
        rows = {row.name: row for row in map(self._row, answered)}
        silent = {
            self._names.by_id.get(s.id) or NodeId(s.address): s.why
            for s in self._servers.values()
            if s.why
        }
        now = asyncio.get_running_loop().time() - WAITED_S  # it takes connections, and says nothing
        for server in self._servers.values():
            if server.pending and not server.id and not server.why and server.pending_since < now:
                silent[NodeId(server.address)] = f"{server.address} does not answer"
        unheard = {name: why for name, why in silent.items() if name not in rows}
        told = Telling("Redis", every_us, ("ring", "keys", "operations", "heard", "memory"))
        return Look(time_ns() // 1_000, every_us, rows, unheard, told)

    async def _ask(self, servers: list[Server], now: float) -> list[Server]:
        """Who has answered. Who is slow is not waited for, and is not silent yet either."""
        for server in servers:
            if server.pending is None:
                server.pending = asyncio.create_task(server.ask(), name=f"redis {server.address}")
                server.pending_since = now
        pending = [s.pending for s in servers if s.pending is not None]
        done, _ = await asyncio.wait(pending, timeout=PATIENCE_S if self._begun else WITHIN_S)
        if not done and not self._begun:
            await asyncio.wait(pending, timeout=FIRST_S, return_when=asyncio.FIRST_COMPLETED)
        answered: list[Server] = []
        for server in servers:
            task = server.pending
            if task is None or not task.done():
                continue
            server.pending = None
            error = task.exception()
            if error is None:
                server.why = ""
                answered.append(server)
            elif isinstance(error, RedisError):
                server.why, server.retry_at = str(error), now + RETRY_S
            else:
                raise error
        return answered

    def _learn(self, answered: list[Server]) -> None:
        """Nodes that those who answered know, at the addresses they are known by."""
        ids = {server.id for server in self._servers.values() if server.id and not server.why}
        for server in answered:
            local = server.address.startswith(("127.", "localhost", "[::1]"))
            for line in server.known:
                if not line.host or not line.port or line.id in ids or line.id == server.id:
                    continue
                host = f"[{line.host}]" if ":" in line.host else line.host
                address = Address(f"{host}:{line.port}")
                near = local or not line.host.startswith(("127.", "localhost", "::1"))
                if near and address not in self._servers and len(self._servers) < NODES_MAX:
                    self._servers[address] = Server(address, self._open)

    def _forget(self, answered: list[Server]) -> None:
        """Who is silent and known to nobody any more is not asked again."""
        ids = {line.id for server in answered for line in server.known}
        places = {f"{line.host}:{line.port}" for server in answered for line in server.known}
        for address, server in list(self._servers.items()):
            wanted = address in self._named or not server.why or server.pending is not None
            known = server.id in ids or address.replace("[", "").replace("]", "") in places
            if answered and not wanted and not known:
                del self._servers[address]

    def _row(self, server: Server) -> Row:
        names, info = self._names.by_id, server.info
        own = next(k for k in server.known if k.id == server.id)
        key = tuple((k.id, k.master, k.slots) for k in server.known)
        if key not in self._tables:
            if len(self._tables) >= 8:
                self._tables.clear()
            self._tables[key] = table_of(server.known, names)
        role = Rule(names.get(own.master or own.id, NodeId("")), own.epoch, leads=bool(own.slots))
        keys = sum(
            number(said.partition("keys=")[2].partition(",")[0])
            for name, said in info.items()
            if re.fullmatch(r"db\d+", name)
        )
        maker = "valkey" if "valkey_version" in info else "redis"
        return Row(
            name=names[server.id],
            opinions={names[k.id]: Opinion(k.state, _where(k, server)) for k in server.known},
            window=server.address,
            engine=f"{maker} {info.get(f'{maker}_version', '')}".strip(),
            started_at=server.started_at,
            ring=self._tables[key],
            filling=copies_of(self._tables[key], names[server.id]) if server.copying else (),
            keys=keys,
            operations_per_s=server.per_s.get("commands" if own.slots else "lookups", 0.0),
            extras=tuple(self._extras(server, own)),
            resident_bytes=number(info.get("used_memory_rss", "")),
            heard={names[k.id]: k.heard for k in server.known if k.heard},
            rule=role,
            reports={names[id_]: n for id_, n in server.reports.items() if n and id_ in names},
        )

    def _extras(self, server: Server, own: Known) -> list[tuple[str, str]]:
        """What only Redis has."""
        names, info, per_s = self._names.by_id, server.info, server.per_s
        held = sum(last - first + 1 for first, last in own.slots)
        role = (
            "copying from" if server.copying else "replica of",
            names.get(own.master, own.master[:8]),
        )
        said = [("master of", counted(held, "slot"))] if not own.master else [role]
        said += [
            (f"moves {way} {names.get(whom, whom[:8])}", counted(count, "slot"))
            for way, whom, count in own.moving
        ]
        if info.get("cluster_state", "ok") != "ok":
            said.append(("cluster", info["cluster_state"]))
        if own.master and info.get("master_link_status", "up") != "up":
            said.append(("its master's link", info["master_link_status"]))
        kept = number(info.get("repl_backlog_size", "")) or BACKLOG
        stands = {k.id: self._stands(k.id, server) for k in server.known}
        standing = standing_words(own, server.known, stands, names, kept)
        said = said if own.master else [*standing, *said]  # of a master it is bad news
        if per_s:
            said.append(("commands", f"{per_s['commands']:,.0f}/s"))
        if "used_memory" in info:
            said.append(("data", f"{number(info['used_memory']) / 1e6:,.1f} MB"))
        if per_s:
            said.append(("bus messages", f"{per_s['messages']:,.0f}/s"))
        return [*said, *(standing if own.master else []), *waiting_words(server.waiting, names)]

    def _stands(self, id_: str, asker: Server) -> Standing | None:
        """A node's own word where it gave one in the same turn, else as the asker's bus last heard."""
        for server in self._servers.values():
            if server.id == id_ and not server.why and server.turn == asker.turn:
                return server.standings.get(id_) or asker.standings.get(id_)
        return asker.standings.get(id_)

    @property
    def trouble(self) -> str:
        """Why nobody can be read; empty when somebody can."""
        named = [self._servers[address] for address in sorted(self._named)]
        return named[0].why if all(server.why for server in self._servers.values()) else ""

    async def close(self) -> None:
        """Hang up everywhere."""
        pending = [s.pending for s in self._servers.values() if s.pending is not None]
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)
        await asyncio.gather(*(server.close() for server in self._servers.values()))


def _where(line: Known, server: Server) -> Address:
    """Its address, for people."""
    return server.address if line.id == server.id else Address(f"{line.host}:{line.port}")
