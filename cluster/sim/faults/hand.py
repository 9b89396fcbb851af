"""The hand that hurts: performs the episodes of a schedule on a world, and undoes them.

Episodes overlap, so nothing is toggled: each effect (down, paused, links, a bad disk, a clock) is
recomputed from the episodes in force. A node runs unless an episode holds it down; it is started
again with everybody as a seed, as a configuration file would name them. What is done is told as
the lab tells it, so that the incident record sees a simulated kill as it sees a real one.

A newcomer leaves for good when its time is over; one that could not drain in time still has what
nobody else may have, and is started again, as an operator would. Keeps the ledger of lost disks.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from cluster.config import MS, SECOND
from cluster.model.facts import FaultHealed, FaultInjected, ProcessObserved
from cluster.model.fault import FaultKind
from cluster.model.member import NodeId
from cluster.sim.disk import SYNC_US
from cluster.sim.faults.schedule import Episode
from cluster.sim.network import Weather
from cluster.sim.world import EPOCH_US, World

REVIVE_US = 500 * MS
"""A node that ended by itself though it should run is started again after this."""
DRIFT_PPM_MAX = 2_000
ProcessState = Literal["starting", "running", "paused", "gone"]
LINK_KINDS = frozenset({"partition", "cut", "isolate", "loss", "delay"})


class Loss(Struct, frozen=True):
    """A disk no longer holds what it had acknowledged before `at`."""

    node: NodeId
    at: int
    why: FaultKind
    key: bytes = b""
    """The one record that rotted; empty when everything is gone."""


class Hand:
    """All that is being done to one world."""

    def __init__(self, world: World, episodes: tuple[Episode, ...]) -> None:
        self._world = world
        self._episodes = episodes
        self._rng = world.dice.stream("hand")
        self._active: dict[int, Episode] = {}
        self._down: dict[str, set[int]] = {}
        self.losses: list[Loss] = []
        self.expected: list[str] = []
        """Nodes that should run when nothing holds them down, in the order in which they came."""
        self._parting: list[str] = []
        """Of them, those that are leaving for good."""
        self.begun: list[tuple[int, Episode]] = []
        """What was done, and when (world time)."""
        self._past: dict[str, int] = {}
        """The last boot epoch that each wiped disk knew of."""
        self._over = False

    # --- beginning and end ---------------------------------------------------------------------

    def found(self, nodes: list[str]) -> None:
        """Start the first nodes; the first one founds the cluster."""
        for name in nodes:
            self.expected.append(name)
            self._world.start(name, () if name == nodes[0] else (nodes[0],))
            self._observe(name, "running")

    def intend(self, episodes: tuple[Episode, ...]) -> None:
        """These are to be played, and no others: before `play`."""
        self._episodes = episodes

    def play(self) -> None:
        """Plan all episodes from now on."""
        start = self._world.now
        for episode in self._episodes:
            self._world.at(start + episode.at, lambda e=episode: self.begin(e))
        self._world.after(REVIVE_US, self._revive)

    def heal(self) -> None:
        """End everything that is in force, for good, and start whoever is down."""
        self._over = True
        over, self._active = list(self._active.values()), {}
        for episode in over:
            self._undo(episode)
        self._world.network.heal()
        weather = self._world.network.weather
        self._world.network.weather = Weather(latency_us=weather.latency_us)

    def clean_kills(self, settled_us: int, within_us: int) -> list[tuple[int, Episode]]:
        """Kills so far that nothing else obscures, and when they were made.

        No other episode is in force from `settled_us` before to `within_us` after, and the node
        stays away for that long.
        """
        return [
            (at, kill)
            for at, kill in self.begun
            if kill.kind == "kill"
            and kill.lasts >= within_us
            and at + within_us <= self._world.now
            and not any(
                other is not kill
                and begun < at + within_us
                and begun + other.lasts > at - settled_us
                for begun, other in self.begun
            )
        ]

    @property
    def idle(self) -> bool:
        """Whether nothing is being done to this world."""
        return not self._active and not self._parting

    def _revive(self) -> None:
        """A supervisor: who ended by itself is started again."""
        self._world.after(REVIVE_US, self._revive)
        for name in [n for n in self._parting if self._world.host(n).node is None]:
            self._parting.remove(name)
            if self._world.host(name).disk.meta("left"):
                self.expected.remove(name)
        for name in self.expected:
            if self._world.host(name).node is None and not self._down.get(name):
                self._start(name)

    # --- episodes ------------------------------------------------------------------------------

    def begin(self, episode: Episode) -> None:
        """Do this now. One that lasts 0 is in force until `end`."""
        if self._over:
            return
        self._active[episode.number] = episode
        self.begun.append((self._world.now, episode))
        self._act(episode)
        if episode.lasts:
            self._world.after(episode.lasts, lambda: self._over_now(episode))

    def _over_now(self, episode: Episode) -> None:
        self.end(episode.number)

    def end(self, number: int) -> bool:
        """Undo an episode; False when it is not in force any more."""
        episode = self._active.pop(number, None)
        if episode is not None:
            self._undo(episode)
        return episode is not None

    def in_force(self) -> tuple[Episode, ...]:
        """What is being done now, in the order in which it began."""
        return tuple(self._active.values())

    def _act(self, episode: Episode) -> None:
        name = episode.subject
        match episode.kind:
            case "kill":
                self._take_down(episode, silent=bool(episode.amount))
            case "wipe":
                self._take_down(episode, silent=False)
                lost = self._world.host(name).disk.epoch
                self._past[name] = max(lost, self._past.get(name, 0))
                self._world.wipe(name)
                self._disks(name)
                self._lose(name, "wipe")
            case "leave":
                self._leave(episode)
            case "join":
                self._join(name)
            case "pause":
                if self._world.host(name).running:
                    self._tell("pause", name)
                self._pauses(name)
            case "partition" | "cut" | "isolate" | "loss" | "delay":
                peers = tuple(NodeId(p) for p in episode.peers)
                self._tell(episode.kind, name, peers)
                self._links()
            case "rot":
                self._rot(episode)
            case "slow disk" | "full disk":
                self._tell(episode.kind, name)
                self._disks(name)
            case "skew":
                self._tell("skew", name)
                self._clocks(name)

    def _undo(self, episode: Episode) -> None:
        name = episode.subject
        match episode.kind:
            case "kill" | "wipe" | "leave":
                self._down[name].discard(episode.number)
                if not self._down[name] and self._world.host(name).node is None:
                    self._start(name)
                self._heal_told("leave" if episode.kind == "leave" else "kill", name)
            case "join":
                self._part(name)
            case "rot":
                pass
            case "pause":
                self._pauses(name)
                self._heal_told("pause", name)
            case "partition" | "cut" | "isolate" | "loss" | "delay":
                self._links()
                self._heal_told(episode.kind, name, tuple(NodeId(p) for p in episode.peers))
            case "slow disk" | "full disk":
                self._disks(name)
                self._heal_told(episode.kind, name)
            case "skew":
                self._clocks(name)
                self._heal_told("skew", name)

    # --- processes -----------------------------------------------------------------------------

    def _take_down(self, episode: Episode, *, silent: bool) -> None:
        name = episode.subject
        self._down.setdefault(name, set()).add(episode.number)
        if self._world.host(name).node is not None:
            self._tell("kill", name)
            self._world.kill(name, silent=silent)
            self._observe(name, "gone")

    def _start(self, name: str) -> None:
        host, now = self._world.host(name), self._world.now
        behind = self._past.get(name, 0) - (now + host.clock.offset_us) // EPOCH_US
        if not host.disk.epoch and behind >= 0:
            # With an empty disk only the clock tells a life from the one before it, and a clock
            # that was set back behind that life's boot cannot (ARCHITECTURE.md, "Identity"). To
            # replace a disk takes longer than these clocks are wrong.
            self._world.after((behind + 1) * EPOCH_US, lambda: self._start_if_down(name))
            return
        others = tuple(other for other in self.expected if other != name)
        self._world.start(name, others)
        self._observe(name, "running")
        self._pauses(name)

    def _start_if_down(self, name: str) -> None:
        if self._world.host(name).node is None and not self._down.get(name):
            self._start(name)

    def _join(self, name: str) -> None:
        if name not in self.expected:
            self.expected.append(name)
            self._start(name)

    def _part(self, name: str) -> None:
        if not self._over and name not in self._parting and self._world.host(name).running:
            self._parting.append(name)
            self._world.leave(name)

    def _leave(self, episode: Episode) -> None:
        name = episode.subject
        self._down.setdefault(name, set()).add(episode.number)
        if self._world.host(name).node is not None:
            self._tell("leave", name)
            self._world.leave(name)

    def _pauses(self, name: str) -> None:
        host = self._world.host(name)
        wanted = any(e.kind == "pause" and e.subject == name for e in self._active.values())
        if host.node is None or wanted == host.paused:
            return
        if wanted:
            self._world.pause(name)
        else:
            self._world.resume(name)
        self._observe(name, "paused" if wanted else "running")

    # --- links, disks, clocks ------------------------------------------------------------------

    def _links(self) -> None:
        """All links anew, from the episodes in force."""
        network = self._world.network
        network.heal()
        everybody = list(self._world.hosts)
        for episode in self._active.values():
            if episode.kind not in LINK_KINDS:
                continue
            subject, peers = NodeId(episode.subject), tuple(NodeId(p) for p in episode.peers)
            others = [name for name in everybody if name != subject]
            match episode.kind:
                case "partition":
                    side = (subject, *peers)
                    network.partition(side, tuple(n for n in everybody if n not in side))
                case "isolate":
                    network.partition((subject,), tuple(others))
                case "cut":
                    network.cut(subject, peers[0], both=bool(episode.amount))
                case "loss":
                    for other in others:
                        network.lossy(subject, other, episode.amount / 1_000)
                        network.lossy(other, subject, episode.amount / 1_000)
                case _:
                    for other in others:
                        network.slow(subject, other, episode.amount)

    def _disks(self, name: str) -> None:
        mine = [e for e in self._active.values() if e.subject == name]
        slow = max((e.amount for e in mine if e.kind == "slow disk"), default=0)
        disk = self._world.host(name).disk
        disk.sync_us = (slow // 4, slow) if slow else SYNC_US
        disk.full = any(e.kind == "full disk" for e in mine)

    def _rot(self, episode: Episode) -> None:
        disk = self._world.host(episode.subject).disk
        places = disk.places()
        for partition, key in self._rng.sample(places, min(episode.amount, len(places))):
            if disk.rot(partition, key):
                self._lose(episode.subject, "rot", key)
        self._tell("rot", episode.subject)

    def _clocks(self, name: str) -> None:
        mine = [e for e in self._active.values() if e.subject == name and e.kind == "skew"]
        offset = mine[-1].amount if mine else 0
        drift = offset * DRIFT_PPM_MAX // (5 * SECOND)
        self._world.skew(name, offset, drift)

    # --- telling -------------------------------------------------------------------------------

    def _lose(self, name: str, why: FaultKind, key: bytes = b"") -> None:
        self.losses.append(Loss(NodeId(name), self._world.now, why, key))

    def lost_since(self, node: NodeId, since: int, key: bytes) -> bool:
        """Whether a disk has lost what it had of a key at that time."""
        return any(
            loss.node == node and loss.at >= since and loss.key in (b"", key)
            for loss in self.losses
        )

    def _tell(self, kind: FaultKind, subject: str, peers: tuple[NodeId, ...] = ()) -> None:
        self._world.tell(FaultInjected(kind, NodeId(subject), peers))

    def _heal_told(self, kind: FaultKind, subject: str, peers: tuple[NodeId, ...] = ()) -> None:
        self._world.tell(FaultHealed(kind, NodeId(subject), peers))

    def _observe(self, name: str, state: ProcessState) -> None:
        host = self._world.host(name)
        self._world.tell(ProcessObserved(host.name, state, host.boots, host.window))
