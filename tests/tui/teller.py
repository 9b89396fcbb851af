"""A cluster of paper: just enough of one for the facts it tells to be consistent.

Beliefs, depths and sequence numbers are kept, nothing is decided here: a story (`tests.tui.story`)
says what happens and when, in virtual time.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from random import Random
from typing import Final

from msgspec.structs import replace

from cluster.config import DEMO, ArchitectureConfig, ArchitectureName
from cluster.model.facts import (
    Fact,
    FactId,
    FaultInjected,
    HintsDelivered,
    HintStored,
    MemberChanged,
    MessageReceived,
    MessageSent,
    NodeStarted,
    Payload,
    ProcessObserved,
    PulseReported,
    RingChanged,
    SnapshotTaken,
    SuspicionRaised,
    Via,
    WindowClosed,
    WorkloadCounted,
)
from cluster.model.layout import lay_out
from cluster.model.member import Address, Claim, MemberState, NodeId
from cluster.model.ring import build_ring
from cluster.model.summary import (
    NO_RULE,
    Depth,
    Fate,
    Likeness,
    Rates,
    RingTable,
    Rule,
    Times,
    bucket_of,
)
from tui.view import LAB, OBSERVER

MS: Final = 1_000
SECOND: Final = 1_000_000
START: Final = 1_767_269_640_000_000
"""2026-01-01 12:14:00 UTC, a multiple of every period."""

QUIET: Final = START + 62 * SECOND
"""Later boots restore keys from their disks."""
ALIVE, SUSPECT, DEAD_STATE = MemberState.ALIVE, MemberState.SUSPECT, MemberState.DEAD
N4: Final = NodeId("n4")


def names(count: int) -> list[NodeId]:
    """n1 ... n<count>."""
    return [NodeId(f"n{i}") for i in range(1, count + 1)]


class Teller:
    """Makes consistent facts. Everything it says is kept in `facts`, in order of time."""

    succeeding = True
    """Whether the workload's answers succeed."""

    def __init__(self, nodes: int = 5, seed: int = 4) -> None:
        self.names = names(nodes)
        self.architecture: ArchitectureName = "masterless"
        self.rules: dict[NodeId, Rule] = {}
        """Whom each takes for the master; see `tests.tui.court.ruled`."""
        self.random = Random(seed)
        self.facts: list[Fact] = []
        self.epoch: dict[NodeId, int] = dict.fromkeys(self.names, 0)
        self.incarnation: dict[NodeId, int] = dict.fromkeys(self.names, 0)
        self.pid: dict[NodeId, int] = {}
        self.beliefs: dict[NodeId, dict[NodeId, Claim]] = {}
        self.since: dict[tuple[NodeId, NodeId], int] = {}
        self.hints: dict[NodeId, dict[NodeId, int]] = {}
        self.oldest: dict[tuple[NodeId, NodeId], int] = {}
        self.filling: dict[NodeId, int] = {}
        self.deaf: dict[NodeId, int] = {}
        """Since when nobody has heard of a node."""
        self.down: set[NodeId] = set()
        self.load = 36.0
        self.chatter = 4
        """Traced messages per quarter of a second, in the whole cluster."""
        self.acknowledged = 0
        self.refused = 0
        self.audited = 0
        self._seq: dict[tuple[NodeId, int], int] = {}
        self._number: dict[NodeId, int] = {}

    # --- envelope -------------------------------------------------------------------------------

    def say(
        self, node: NodeId, at: int, payload: Payload, causes: tuple[FactId, ...] = ()
    ) -> FactId:
        """One fact. Its number is provisional: `sorted` gives the one its node would have."""
        epoch = self.epoch.get(node, START)
        seq = self._seq[node, epoch] = self._seq.get((node, epoch), 0) + 1
        basis = "inferred" if node == OBSERVER else "reported"
        self.facts.append(Fact(node, epoch, seq, at, at, payload, causes, basis))
        return FactId(node, epoch, seq)

    def sorted(self) -> tuple[Fact, ...]:
        """All facts by time, numbered in that order as their nodes would have."""
        ordered = sorted(self.facts, key=lambda fact: fact.at)
        seq: dict[tuple[NodeId, int], int] = {}
        renamed: dict[FactId, FactId] = {}
        for fact in ordered:
            number = seq[fact.node, fact.epoch] = seq.get((fact.node, fact.epoch), 0) + 1
            renamed[fact.id] = FactId(fact.node, fact.epoch, number)
        return tuple(
            replace(f, seq=renamed[f.id].seq, causes=tuple(renamed[c] for c in f.causes))
            for f in ordered
        )

    def claim(self, name: NodeId, state: MemberState, accuser: NodeId | str = "") -> Claim:
        """A claim about the present life of a node."""
        port = 7400 + int(name[1:])
        return Claim(
            name,
            self.epoch[name],
            self.incarnation[name],
            state,
            Address(f"127.0.0.1:{port}"),
            Address(f"127.0.0.1:{port + 100}"),
            NodeId(accuser),
        )

    def ring(self, node: NodeId) -> RingTable:
        """The ring a node derives from its beliefs."""
        members = [n for n, c in self.beliefs[node].items() if c.on_ring]
        everybody = (*members, node)
        return table(everybody) if self.architecture == "masterless" else whole(everybody)

    # --- lives ----------------------------------------------------------------------------------

    def start(self, name: NodeId, at: int) -> None:
        """A process comes up."""
        self.down.discard(name)
        self.deaf.pop(name, None)
        self.epoch[name] = at
        self.incarnation[name] = 0
        self.beliefs[name] = {}
        self.hints[name] = {}
        self.filling[name] = 0
        window = self.claim(name, ALIVE).window
        pid = self.pid[name] = 4100 + int(name[1:]) + (at - START) // SECOND
        self.say(LAB, at, ProcessObserved(name, "starting", pid, Address("")))
        self.say(LAB, at + 120 * MS, ProcessObserved(name, "running", pid, window))
        self.say(name, at + 110 * MS, NodeStarted("demo", pid, 0 if at < QUIET else 1_508))
        self.snapshot(name, at + 130 * MS)

    def snapshot(self, name: NodeId, at: int) -> None:
        """Its whole state, for an observer that has just come."""
        own = self.claim(name, ALIVE)
        fates = [Fate(own, self.epoch[name], 0)]
        fates += [Fate(c, self.since.get((name, n), at), at) for n, c in self.beliefs[name].items()]
        quorum = 3 if self.architecture == "majority" else 2
        payload = SnapshotTaken(
            name, self.incarnation[name], "demo", self.pid[name], own.gossip, own.window,
            self.epoch[name], quorum, quorum, tuple(fates), self.ring(name), self.keys(name, at),
            tuple(range(self.filling[name])), self.depths(name), (), True,
            architecture=self.architecture, rule=self.rules.get(name, NO_RULE),
        )  # fmt: skip
        self.say(name, at, payload)

    def kill(self, name: NodeId, at: int) -> None:
        """SIGKILL, and what is seen of it from outside."""
        self.say(LAB, at, FaultInjected("kill", name))
        self.say(LAB, at + 4 * MS, ProcessObserved(name, "gone", 0, Address("")))
        self.say(OBSERVER, at + 9 * MS, WindowClosed(name))
        self.down.add(name)
        self.deaf[name] = at

    # --- beliefs --------------------------------------------------------------------------------

    def believe(
        self, node: NodeId, at: int, claim: Claim, via: Via = "gossip", teller: NodeId | str = ""
    ) -> FactId:
        """A node changes its mind about another."""
        old = self.beliefs[node].get(claim.name)
        self.beliefs[node][claim.name] = claim
        self.since[node, claim.name] = at
        told = NodeId(teller) if teller else node
        state = old.state if old is not None else None
        changed = self.say(node, at, MemberChanged(claim, state, via, told))
        if claim.state is SUSPECT:
            wait = DEMO.membership.crash_suspicion_us
            raised = SuspicionRaised(
                claim.name, claim.epoch, claim.incarnation, claim.accuser, "refused", at + wait
            )
            self.say(node, at, raised, (changed,))
        return changed

    def meet_all(self, at: int) -> None:
        """Everybody learns of everybody, then follows one ring."""
        for index, node in enumerate(self.names):
            for other in self.names:
                if other != node and node not in self.down:
                    late = at + (index * 37 + int(other[1:]) * 23) * MS
                    seed = NodeId("n1")
                    told = seed if node != seed and other != seed else other
                    self.believe(node, late, self.claim(other, ALIVE), "pushpull", told)
        for index, node in enumerate(self.names):
            self.say(node, at + (420 + index * 11) * MS, RingChanged(self.ring(node), 38, 0))

    def spread(
        self, at: int, claim: Claim, steps: list[tuple[int, str, str]], via: Via = "gossip"
    ) -> None:
        """Gossip: (delay in ms, who learns it, from whom; "" is by itself)."""
        own: Via = "probe" if claim.state is SUSPECT else "timer"
        for delay, node, teller in steps:
            self.believe(
                NodeId(node), at + delay * MS, claim, via if teller else own, teller or node
            )

    # --- depths ---------------------------------------------------------------------------------

    def keep_hints(self, node: NodeId, target: NodeId, at: int, more: int) -> None:
        """Writes kept for an absent owner."""
        depth = self.hints[node].get(target, 0)
        self.oldest.setdefault((node, target), at)
        for new in range(depth + 1, depth + more + 1):
            if new in (1, 10, 100):
                key = f"room:{self.random.randrange(12)}/a{self.random.randrange(9000)}"
                self.say(node, at, HintStored(target, key, new))
        self.hints[node][target] = depth + more

    def give_back(self, node: NodeId, target: NodeId, at: int, some: int) -> None:
        """Hints delivered."""
        depth = self.hints[node].get(target, 0)
        given = min(some, depth)
        if given:
            self.hints[node][target] = depth - given
            self.say(node, at, HintsDelivered(target, given, depth - given))

    def depths(self, node: NodeId) -> tuple[Depth, ...]:
        """As a pulse tells them."""
        held = self.hints[node].items()
        return tuple(Depth(t, c, self.oldest[node, t]) for t, c in sorted(held) if c)

    def keys(self, node: NodeId, at: int) -> int:
        """How many keys a node holds."""
        owned = sum(1 for owners in self.ring(node).owners if self._index(node) in owners)
        return self.acknowledged * owned // 64

    def _index(self, node: NodeId) -> int:
        return self.ring(node).members.index(node)

    # --- the steady beat ------------------------------------------------------------------------

    def beat(self, since: int, until: int) -> None:
        """Pulses, messages and the workload's counts between two moments."""
        period = 250 * MS
        for at in range(since, until, period):
            for index, node in enumerate(self.names):
                if node not in self.down and self.epoch[node]:
                    self.pulse(node, at + index * 7 * MS, period)
            for index in range(self.chatter):
                self._chatter(at + 12 * MS + index * 236 * MS // self.chatter)
            if at % (500 * MS) == 0:
                self._count(at + 3 * MS)

    def pulse(self, node: NodeId, at: int, period: int) -> None:
        """One pulse."""
        up = len(self.names) - len(self.down)
        waiting = bool(self.down) and not self._settled(at)
        puts = round(self.load / up * period / SECOND + self.random.random() - 0.5)
        p99 = self.random.randrange(240, 262) * MS if waiting else self.random.randrange(5, 12) * MS
        beliefs = self.beliefs[node]
        rows = sorted((n, c.epoch, c.incarnation, c.state) for n, c in beliefs.items())
        rows = sorted([*rows, (node, self.epoch[node], self.incarnation[node], ALIVE)])
        digest = hashlib.blake2b(repr(rows).encode(), digest_size=4).hexdigest()
        last = {n: self.random.randrange(5, 140) * MS for n in beliefs}
        payload = PulseReported(
            interval_us=period,
            incarnation=self.incarnation[node],
            rates=Rates(
                puts, puts * 2, 0, 2_100, p99, 900, p99 // 2, 0, times(puts, 2_100, p99),
                times(puts * 2, 900, p99 // 2),
            ),
            sent={"ping": 1, "ack": 1, "gossip": 6 if waiting else 2, "replicawrite": puts * 2,
                  "replicaread": puts * 3, "pushpull": int(at // period % 8 == 0)},
            received={"ping": 1, "ack": 1, "gossip": 2, "replicawrite": puts * 2},
            dropped={},
            bytes_out=puts * 900 + 700,
            bytes_in=puts * 880 + 690,
            untraced=3,
            keys=self.keys(node, at),
            filling=self.filling[node],
            hints=self.depths(node),
            heard={n: min(at - last[n], self.deaf.get(n, at)) for n in beliefs},
            view=digest,
            ring=self.ring(node).digest,
            lag_us=self.random.randrange(200, 1_900),
            resident_bytes=33_000_000 + int(node[1:]) * 210_000,
            trees=self.trees(node, at),
            weights={"ping": 90, "ack": 80, "gossip": 900 if waiting else 260,
                     "replicawrite": puts * 560, "replicaread": puts * 300,
                     "pushpull": 700 * int(at // period % 8 == 0)},
            round_trips={n: 400 + 60 * int(n[1:]) for n in beliefs if n not in self.down},
            disk_bytes=puts * 420,
        )  # fmt: skip
        self.say(node, at, payload)

    def trees(self, node: NodeId, at: int) -> tuple[Likeness, ...]:
        """Compared every two seconds with all who are up; hints on their way are a difference."""
        compared = at - at % (2 * SECOND)
        differ = {n: int(any(held.get(n) for held in self.hints.values())) for n in self.names}
        return tuple(
            Likeness(peer, compared, 38, differ[peer] or differ[node])
            for peer in sorted(self.beliefs[node])
            if peer not in self.down and self.epoch[peer] < compared
        )

    def _settled(self, at: int) -> bool:
        """Whether everybody holds the fallen dead, so that nobody waits for them."""
        return all(
            self.beliefs[n][d].state >= DEAD_STATE
            for n in self.names if n not in self.down
            for d in self.down if d in self.beliefs[n]
        )  # fmt: skip

    def _chatter(self, at: int) -> None:
        """A few traced messages, told by both ends unless the far end is down."""
        alive = [n for n in self.names if n not in self.down and self.epoch[n]]
        if len(alive) < 2:
            return
        sender = self.random.choice(alive)
        others = [n for n in self.names if n != sender and self.epoch[n]]
        to = others[self.random.randrange(len(others))]
        kind = ("ping", "gossip", "replicawrite", "replicaread")[self.random.randrange(4)]
        number = self._number[sender] = self._number.get(sender, 0) + 3
        key = f"room:{number % 12}/a{number}" if kind.startswith("replica") else ""
        sent = self.say(sender, at, MessageSent(number, to, kind, 0, key))
        if to not in self.down:
            took = self.random.randrange(300, 1_800)
            arrived = MessageReceived(sender, self.epoch[sender], number, kind)
            self.say(to, at + took, arrived, (sent,))

    def _count(self, at: int) -> None:
        """The workload's totals."""
        tried = round(self.load / 2)
        made = tried if self.succeeding else 0
        self.acknowledged += made
        self.refused += tried - made
        counted = WorkloadCounted(
            self.acknowledged,
            0,
            self.refused,
            0 if self.audited else -1,
            self.audited,
            500 * MS,
            tried,
            made,
        )
        self.say(LAB, at, counted)


def times(count: int, most_us: int, last_us: int) -> Times:
    """Durations of which all but the slowest one are about the same."""
    return {bucket_of(most_us): count - 1, bucket_of(last_us): 1} if count > 1 else {}


@lru_cache(maxsize=32)
def whole(members: tuple[NodeId, ...]) -> RingTable:
    """The table of a cluster in which everybody holds everything."""
    kind = ArchitectureConfig(kind="failover", founders=members)
    ring = lay_out(kind, DEMO.ring, members)
    everybody = tuple(range(len(ring.members)))
    return RingTable(ring.digest, ring.members, 64, ring.replicas, (everybody,) * 64)


@lru_cache(maxsize=32)
def table(members: tuple[NodeId, ...]) -> RingTable:
    """The ring of a member set as facts tell it."""
    ring = build_ring(members, 64, 3, DEMO.ring.load_slack)
    index = {name: i for i, name in enumerate(ring.members)}
    owners = tuple(tuple(index[o] for o in held) for held in ring.owners)
    return RingTable(ring.digest, ring.members, 64, ring.replicas, owners)
