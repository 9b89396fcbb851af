"""What Redis Cluster nodes say, as values: `CLUSTER NODES`, `INFO`, and whose the slots are. Pure.

16,384 slots are told as 256 equal partitions of 64: one belongs to who leads most of its slots, and to
nobody while one of them is free. What is malformed is left out; nothing here raises.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from hashlib import blake2b
from typing import Final

from msgspec import Struct

from cluster.model.member import MemberState, NodeId
from cluster.model.summary import RingTable

NODES_MAX: Final = 300
"""Nodes read of one answer; of more, the first so many."""
SLOTS: Final = 16_384
PARTITIONS: Final = 256
CHORES: Final = frozenset(
    {"acl", "auth", "client", "cluster", "command", "config", "hello", "info", "ping", "psync"}
) | {"replconf", "select"}
"""Commands that no client means anything by: replication's, and those who watch."""
_RUN: Final = SLOTS // PARTITIONS
_UNNAMEABLE: Final = re.compile(r"[^A-Za-z0-9_.-]")


class Known(Struct, frozen=True):
    """One line of `CLUSTER NODES`: what the node that was asked knows of one node."""

    id: str
    host: str
    """An announced hostname before its address; empty: no address is known."""
    port: int
    flags: frozenset[str]
    master: str
    """Whom it copies, by id; empty for a master."""
    heard: int
    """When it last answered, microseconds since 1970."""
    epoch: int
    """Of its configuration: each promotion has a higher one."""
    slots: tuple[tuple[int, int], ...]
    """From, to and with."""
    moving: tuple[tuple[str, str, int], ...]
    """Slots between two masters: ("to" or "from", whom, how many)."""

    @property
    def state(self) -> MemberState:
        """Its own word for it. Without an address nobody can ask it any more."""
        if self.flags & {"fail", "noaddr"} and "myself" not in self.flags:
            return MemberState.DEAD
        return MemberState.SUSPECT if "fail?" in self.flags else MemberState.ALIVE


def nodes_of(text: str) -> list[Known]:
    """`CLUSTER NODES` of any version, own address left empty where it is not known there.

    Who is still shaking hands has no name yet. Lines that are none are left out.
    """
    known: list[Known] = []
    left = SLOTS  # no node has more, and of no slot is told twice
    for line in text.splitlines()[:NODES_MAX]:
        words = line.split()
        if len(words) < 8 or ("@" not in words[1] and ":" not in words[1]):
            continue
        flags = frozenset(words[2].split(","))
        if "handshake" in flags:
            continue
        # 7.0 adds a hostname, 7.2 more: ip:port@busport,hostname,shard-id=...
        place, *more = words[1].split(",")
        host, _, port = place.partition("@")[0].rpartition(":")
        named = more[0] if more and "=" not in more[0] and more[0] != "?" else ""
        slots, moving = _slots(words[8 : 8 + left])
        left -= len(slots)
        known.append(
            Known(
                id=words[0][:40],
                host="" if "noaddr" in flags else named or host,
                port=number(port),
                flags=flags,
                master="" if words[3] == "-" else words[3][:40],
                heard=number(words[5]) * 1_000,
                epoch=number(words[6]),
                slots=slots,
                moving=moving,
            )
        )
    return known


def _slots(
    words: list[str],
) -> tuple[tuple[tuple[int, int], ...], tuple[tuple[str, str, int], ...]]:
    """Ranges ("0-5460", "7"), and what is moving: "[93-<-ID]" comes, "[77->-ID]" goes."""
    ranges: list[tuple[int, int]] = []
    moving: Counter[tuple[str, str]] = Counter()
    for word in words:
        if found := re.fullmatch(r"\[(\d{1,5})-([<>])-(\w{1,40})\]", word):
            moving["from" if found[2] == "<" else "to", found[3]] += 1
        elif found := re.fullmatch(r"(\d{1,5})(?:-(\d{1,5}))?", word):
            first, last = int(found[1]), int(found[2] or found[1])
            if first <= last < SLOTS:
                ranges.append((first, last))
    return _apart(ranges), tuple((*way, n) for way, n in sorted(moving.items()))


def _apart(ranges: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """In order, and none over another: what is told twice counts once."""
    apart: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if apart and first <= apart[-1][1]:
            apart[-1] = apart[-1][0], max(last, apart[-1][1])
        else:
            apart.append((first, last))
    return tuple(apart)


def fields_of(text: str) -> dict[str, str]:
    """`INFO` and `CLUSTER INFO`: a field a line."""
    lines = (line.strip().partition(":") for line in text.splitlines())
    return {name: value for name, colon, value in lines if colon}


def number(text: str) -> int:
    """A whole number as servers write it; 0 for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


def calls(field: str, said: str) -> int:
    """How often a command was given, of a field of `INFO commandstats`; 0 for chores and other fields."""
    name = field.removeprefix("cmdstat_")
    if name == field or name.partition("|")[0] in CHORES:
        return 0
    return number(said.removeprefix("calls=").partition(",")[0])


def table_of(known: Iterable[Known], names: dict[str, NodeId]) -> RingTable:
    """Who leads and who copies each partition, as one node sees it."""
    lines = [k for k in known if k.id in names]
    copies: dict[str, list[NodeId]] = {}
    led: list[Counter[NodeId]] = [Counter() for _ in range(PARTITIONS)]
    exact: list[tuple[NodeId, NodeId, tuple[tuple[int, int], ...]]] = []
    for line in lines:
        name = names[line.id]
        exact.append((name, names.get(line.master, NodeId("")), line.slots))
        if line.master:
            copies.setdefault(line.master, []).append(name)
        for first, last in line.slots:
            for place in range(first // _RUN, last // _RUN + 1):
                low, high = max(first, place * _RUN), min(last, place * _RUN + _RUN - 1)
                led[place][name] += high - low + 1
    behind = {names[k.id]: sorted(copies.get(k.id, ())) for k in lines if k.slots}
    members = tuple(sorted({*behind, *(name for held in behind.values() for name in held)}))
    index = {name: place for place, name in enumerate(members)}
    owners: list[tuple[int, ...]] = []
    for shares in led:
        if shares.total() < _RUN:
            owners.append(())
            continue
        first = min(shares, key=lambda name: (-shares[name], name))
        owners.append(tuple(index[name] for name in (first, *behind[first])))
    digest = blake2b(repr(sorted(exact)).encode(), digest_size=4).hexdigest()
    most = max(map(len, owners))
    return RingTable(digest, members, PARTITIONS, most or 1, tuple(owners), SLOTS, led=True)


def copies_of(table: RingTable, name: NodeId) -> tuple[int, ...]:
    """The partitions that a node copies from their master."""
    if name not in table.members:
        return ()
    index = table.members.index(name)
    return tuple(p for p, owners in enumerate(table.owners) if index in owners[1:])


class Names:
    """A short name for each node, kept for as long as we watch: ids are too long to be read.

    Of nodes on one host the port ("r7001"), of nodes on hosts of their own the host, else both.
    """

    def __init__(self) -> None:
        self.by_id: dict[str, NodeId] = {}
        self._scheme = ""
        self._host = ""

    def take(self, known: Iterable[Known]) -> None:
        """Name who is new."""
        new = {k.id: k for k in known if k.id not in self.by_id and (k.host or k.flags)}
        placed = [k for k in new.values() if k.host]
        if not self._scheme and placed:
            hosts = Counter(k.host for k in placed)
            one, each = len(hosts) == 1 and len(placed) > 1, max(hosts.values()) == 1
            self._scheme, self._host = "port" if one else "host" if each else "both", placed[0].host
        for line in sorted(new.values(), key=lambda k: (k.host, k.port, k.id)):
            self.by_id[line.id] = self._name(line)

    def _name(self, line: Known) -> NodeId:
        both = f"{line.host}-{line.port}"
        name = both if line.host else line.id[:8]
        if self._scheme == "port" and line.host == self._host:
            name = f"r{line.port}"
        elif self._scheme == "host" and line.host:
            name = line.host
        taken = set(self.by_id.values())
        for tried in (name, both, f"{name}.{line.id[:6]}"):
            clean = NodeId(_UNNAMEABLE.sub("-", tried)[:64])
            if line.host and clean not in taken:
                return clean
        clean = _UNNAMEABLE.sub("-", line.id)[:56]
        numbered = (f"{clean}.{number}" for number in range(2, len(taken) + 3))
        return NodeId(next(name for name in (clean, *numbered) if name not in taken))
