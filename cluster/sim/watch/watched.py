"""The world of a setup: founded, loaded, under its schedule, and told fact by fact.

Deterministic: what is told is a function of the setup and of the acts with their moments, however
the time between was cut into orders. So going back is
playing again. Small worlds are
founded as people do it, by a node that invites the others; in large ones everybody remembers
everybody, as after a power cut, because a thousand introductions are not what is to be seen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from time import perf_counter_ns
from typing import Final

from msgspec.structs import replace

from cluster.config import (
    DEMO,
    LAN,
    MS,
    SECOND,
    ArchitectureConfig,
    ArchitectureName,
    Config,
    ObserveConfig,
    RingConfig,
)
from cluster.model.facts import (
    Fact,
    MemberChanged,
    MessageReceived,
    MessageSent,
    ProcessObserved,
    PulseReported,
    WatchSampled,
)
from cluster.model.member import Claim, MemberState, NodeId
from cluster.protocol.effects import Response
from cluster.protocol.inputs import SnapshotQuery
from cluster.protocol.memory import NAME, Memory
from cluster.sim.faults.hand import Hand
from cluster.sim.faults.options import draw
from cluster.sim.faults.schedule import Kind, names, plan
from cluster.sim.watch.acts import Acts
from cluster.sim.watch.orders import FACTS_MAX, Act, Play, Setup, Step
from cluster.sim.watch.players import Players
from cluster.sim.world import EPOCH_US, LAB, START, World

STANDS_US: Final = 4 * SECOND
"""From the beginning until clients come; faults come a second later."""
INVITED_MAX: Final = 30
"""Worlds up to here are founded by introductions."""
LARGE: Final = 100
"""From here on nodes keep the LAN's time and tell their totals once a second."""
PARTITIONS: Final = ((20, 64), (100, 256), (1_000, 512))
"""(up to so many nodes, partitions)."""
WATCHED_ALL: Final = 40
"""In worlds up to here every node is watched."""
WATCHED: Final = 32
"""In larger ones so many, evenly chosen: the beliefs of each about a thousand others are folded and
judged several times a second, which costs a core what 32 x 1,000 cells cost."""
TRACED_PER_S: Final = 300
"""Traced messages of all nodes together, about."""
HARMLESS: Final[frozenset[Kind]] = frozenset({"join", "leave"})
SLICE_US: Final = (1 * MS, 250 * MS)
"""How much virtual time passes, least and most, between two looks at the clock on the wall."""
STEP_MAX_US: Final = 2 * SECOND
"""No step is longer: a world that says nothing for so long moves on."""


class Watched:
    """One world, playing."""

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        options = draw(setup.seed, setup.faults, setup.lasting_us, setup.nodes)
        options = replace(options, replicas=3, read_quorum=2, write_quorum=2)
        kind = setup.architecture
        self.world = World(setup.seed, config(setup.nodes, kind), options.weather)
        self.hand = Hand(self.world, plan(options))
        self.acts = Acts(self.world, self.hand)
        rooms = setup.rooms if kind in ("masterless", "single") else 0
        self.players = Players(
            self.world, self.hand.expected, rooms, self.calm, setup.answers_per_s
        )
        self.done: list[tuple[int, Act]] = []
        """Every act that was done, and when (world time)."""
        self.facts: list[Fact] = []
        everybody = names(setup.nodes)
        self.watched = everybody if setup.nodes <= WATCHED_ALL else spread(everybody, WATCHED)
        self._known = frozenset(self.watched) if setup.nodes > WATCHED_ALL else None
        """Who is watched; None: everybody, newcomers too."""
        self._views: dict[NodeId, str] = {}
        """What each node last said that it holds of the members, in a digest."""
        self._thin = 1
        self._slice_us = SLICE_US[0]
        self.world.watchers.append(self._hear)
        found(self.world, self.hand, everybody)
        if self._known is not None:
            self.world.after(0, self._sampled)
        self.world.at(START + STANDS_US, self.players.start)
        self.world.at(START + STANDS_US + SECOND, self.hand.play)

    # --- time ------------------------------------------------------------------------------------

    def play(self, order: Play) -> bool:
        """Go on; whether the moment asked for was reached."""
        self._thin = max(1, order.thin)
        world, began = self.world, perf_counter_ns()
        while world.now < order.until:
            if len(self.facts) >= FACTS_MAX:
                return False
            before = perf_counter_ns()
            world.run(min(order.until, world.now + self._slice_us))
            now = perf_counter_ns()
            self._pace(now - before, order.within_us * 1_000)
            if now - began >= order.within_us * 1_000:
                return world.now >= order.until
        return True

    def _pace(self, took_ns: int, within_ns: int) -> None:
        """Longer slices while they are quick: a look at the clock is not free either."""
        least, most = SLICE_US
        if took_ns * 8 > within_ns:
            self._slice_us = max(least, self._slice_us // 2)
        elif took_ns * 32 < within_ns:
            self._slice_us = min(most, self._slice_us * 2)

    def step(self, order: Step) -> None:
        """The least that can happen."""
        self._thin = 1
        until = perf_counter_ns() + order.within_us * 1_000
        asked = 0

        def enough() -> bool:
            nonlocal asked
            asked += 1
            told = len(self.facts) > 0 if order.by == "fact" else asked > 1
            return told or perf_counter_ns() > until

        self.world.until(enough, STEP_MAX_US)

    def act(self, act: Act) -> str:
        """Do something to it, now. Raises RefusedError."""
        # All that is due in this very microsecond comes first: else it would matter by which steps
        # this moment was reached.
        self.world.run(self.world.now)
        said = self.acts.perform(act)
        self.done.append((self.world.now, act))
        return said

    def take(self) -> list[Fact]:
        """What was told since this was last asked."""
        facts, self.facts = self.facts, []
        return facts

    # --- what is told ----------------------------------------------------------------------------

    def calm(self) -> bool:
        """Nothing is hurt and nothing is owed: a god's look, for the audit. To come is no harm, and
        neither is to have left."""
        nodes = {name: self.world.host(name).node for name in self.hand.expected}
        episodes = self.hand.in_force()
        left = {e.subject for e in episodes if e.kind == "leave" and nodes.get(e.subject) is None}
        return all(e.kind in HARMLESS for e in episodes) and all(
            node is not None and not node.transfers.filling and not node.hints.depths()
            for name, node in nodes.items()
            if name not in left
        )

    def _sampled(self) -> None:
        """Say of whom it is told, and what can be counted over all of them."""
        self.world.after(SECOND, self._sampled)
        running = [host.name for host in self.world.hosts.values() if host.running]
        views = Counter(self._views[name] for name in running if name in self._views)
        most = max(views.values(), default=0)
        watched = tuple(NodeId(name) for name in self.watched)
        self.world.tell(WatchSampled(len(running), watched, len(views), most))

    def _hear(self, fact: Fact) -> None:
        payload = fact.payload
        if self._known is not None and self._ignored(fact):
            return
        if isinstance(payload, MessageSent | MessageReceived):
            if payload.number % self._thin == 0:
                self.facts.append(fact)
            return
        self.facts.append(fact)
        if isinstance(payload, ProcessObserved) and payload.state == "running":
            if self._known is not None and payload.subject not in self._known:
                return
            self.world.after(0, lambda: self._look(payload.subject))

    def _ignored(self, fact: Fact) -> bool:
        """Whether a fact is not told, because its node is not watched or somebody else says it."""
        payload, known = fact.payload, self._known
        assert known is not None
        if isinstance(payload, PulseReported):
            self._views[fact.node] = payload.view
        if isinstance(payload, ProcessObserved):
            # At the beginning everybody runs; who is not watched is told of when that ends.
            return self.world.now == START and payload.subject not in known
        if fact.node != LAB and fact.node not in known:
            return True
        match payload:
            case MessageSent(to=to):
                return to not in known
            case MessageReceived(sender=sender):
                return sender not in known
            case MemberChanged(via=via):
                return via == "boot"  # the snapshot that follows says it all at once
            case _:
                return False

    def _look(self, name: str) -> None:
        """Begin to watch a process: its whole state, as the window of a real node tells it."""

        def told(response: Response | None) -> None:
            if isinstance(response, Fact):
                self.facts.append(response)

        if self.world.host(name).running:
            self.world.ask(name, SnapshotQuery(), told)


def spread(names: Sequence[str], count: int) -> list[str]:
    """So many of them, evenly, the first and the last included."""
    last = len(names) - 1
    return [names[place * last // (count - 1)] for place in range(count)]


def config(nodes: int, kind: ArchitectureName = "masterless") -> Config:
    """How the nodes of a world of this size are configured."""
    profile = DEMO if nodes < LARGE else LAN
    partitions = next(count for most, count in PARTITIONS if nodes <= most)
    observe = ObserveConfig(
        pulse_period_us=250 * MS if nodes <= 20 else SECOND,
        traced_messages_per_s=max(2, TRACED_PER_S // nodes),
    )
    founders = tuple(names(nodes)) if kind != "masterless" else ()
    return replace(
        profile,
        ring=RingConfig(partitions=partitions, replicas=3),
        observe=observe,
        architecture=ArchitectureConfig(kind=kind, founders=founders),
    )


def found(world: World, hand: Hand, nodes: list[str]) -> None:
    """Let the first nodes begin."""
    if len(nodes) > INVITED_MAX:
        _acquaint(world, nodes)
    hand.found(nodes)


def _acquaint(world: World, nodes: list[str]) -> None:
    """Everybody remembers everybody, in the very life that begins now: nobody has to be met."""
    epoch = START // EPOCH_US + 1
    hosts = sorted((world.host(name) for name in nodes), key=lambda host: host.name)
    claims = tuple(Claim(h.name, epoch, 0, MemberState.ALIVE, h.address, h.window) for h in hosts)
    members = tuple(claim.name for claim in claims)
    everything = tuple(range(world.config.ring.partitions))
    for place, host in enumerate(hosts):
        memory = Memory((*claims[:place], *claims[place + 1 :]), members, everything)
        host.disk.epoch = epoch - 1
        host.disk.durable.metas[NAME] = memory.blob()
