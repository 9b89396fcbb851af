"""Faults by key on a simulated world: the same acts as on real nodes, done by the world's own hand.

Each is an episode without an end of its own; its inverse ends it. Undo takes back the latest act
that still stands. Decides nothing by chance, so that the same acts at the same moments give the
same world. Ignores what the schedule does beside it, except that starting, resuming or mending a
node also ends what the schedule did to it.
"""

from __future__ import annotations

from typing import Final

from cluster.config import MS
from cluster.model.fault import DELAY_MS_MAX, LOST_PERCENT_MAX
from cluster.protocol.effects import Response
from cluster.protocol.inputs import DrainCommand
from cluster.sim.faults.hand import Hand
from cluster.sim.faults.schedule import Episode, Kind
from cluster.sim.watch.orders import Act, Verb
from cluster.sim.world import World

FIRST_NUMBER: Final = 1_000_000
"""Episodes by hand are numbered from here: a schedule has `EPISODES_MAX`."""
CUTS: Final[frozenset[Kind]] = frozenset({"cut", "partition", "isolate"})
HELD_DOWN: Final[frozenset[Kind]] = frozenset({"kill", "wipe", "leave"})
UNDO_MAX: Final = 100
NODES_MAX: Final = 1_000


class RefusedError(Exception):
    """It cannot be done now. One sentence."""


class Acts:
    """All acts on one world."""

    def __init__(self, world: World, hand: Hand) -> None:
        self._world = world
        self._hand = hand
        self._number = FIRST_NUMBER
        self._done: list[Episode] = []
        """What undo would end, the latest last."""

    def perform(self, act: Act) -> str:
        """Do it now; returns what was done. Raises RefusedError."""
        match act.verb:
            case "add":
                return self._add()
            case "undo":
                return self._undo()
            case "heal":
                return self._heal()
            case "lose":
                return self._lose(int(act.subject))
            case "slow":
                name, _, late_ms = act.subject.partition(",")
                return self._slow(name, int(late_ms))
            case verb:
                named = tuple(act.subject.split(","))
                for name in named:
                    if name not in self._world.hosts:
                        raise RefusedError(f"there is no node {name!r}")
                if verb in ("cut", "partition"):
                    return self._split(verb, named)
                return self._on(verb, act.subject)

    def _heal(self) -> str:
        cuts = [e for e in self._hand.in_force() if e.kind in CUTS]
        if not cuts:
            raise RefusedError("no link is cut")
        for episode in cuts:
            self._hand.end(episode.number)
        return "mended every link"

    def _lose(self, percent: int) -> str:
        if not 0 <= percent <= LOST_PERCENT_MAX:
            raise RefusedError(f"between 0 and {LOST_PERCENT_MAX} % of all packets can be lost")
        lossy = self._end_loss()
        if not percent:
            if not lossy:
                raise RefusedError("no packet is lost on purpose")
            return "no more packets are lost"
        for name in self._hand.expected:
            self._begin("loss", name, amount=percent * 10)
        return f"{percent} % of all packets are lost"

    def _end_loss(self) -> bool:
        """It is one act, though every node has an episode of it; whether there was one."""
        numbers = [e.number for e in self._hand.in_force() if e.kind == "loss"]
        for number in numbers:
            self._hand.end(number)
        return bool(numbers)

    def _slow(self, name: str, late_ms: int) -> str:
        if name not in self._world.hosts:
            raise RefusedError(f"there is no node {name!r}")
        if not 0 <= late_ms <= DELAY_MS_MAX:
            raise RefusedError(f"a node is slowed down by at most {DELAY_MS_MAX // 1_000} s")
        slow = self._end(name, frozenset({"delay"}))
        if not late_ms:
            if not slow:
                raise RefusedError(f"{name} is not slowed down")
            return f"{name} sends at once again"
        self._begin("delay", name, amount=late_ms * MS)
        return f"what {name} sends leaves {late_ms:,} ms later"

    def _split(self, verb: Verb, named: tuple[str, ...]) -> str:
        if verb == "cut":
            if len(set(named)) != 2:
                raise RefusedError("a link has two ends: name two nodes")
            self._begin("cut", *named, amount=1)
            return f"cut the link between {named[0]} and {named[1]}"
        if len(set(named)) >= len(self._hand.expected):
            raise RefusedError("a partition needs nodes on both sides")
        self._begin("partition", *named)
        return f"cut {' '.join(named)} off from all others"

    def _drain(self, name: str) -> str:
        def answered(response: Response | None) -> None:
            """What comes of it is told by facts."""

        self._world.ask(name, DrainCommand(on=True), answered)
        return f"{name} gives up its places"

    def _on(self, verb: Verb, name: str) -> str:
        host = self._world.host(name)
        if verb == "start":
            if host.node is not None:
                raise RefusedError(f"{name} runs already")
            self._end(name, HELD_DOWN)
            return f"started {name} again"
        if verb == "isolate":
            if self._end(name, frozenset({"isolate"})):
                return f"mended the links of {name}"
            self._begin("isolate", name)
            return f"cut the links of {name}"
        if verb == "wipe":
            self._begin("wipe", name)
            return f"wiped the disk of {name}"
        if host.node is None:
            raise RefusedError(f"{name} does not run: s starts it")
        if verb == "drain":
            return self._drain(name)
        if verb == "kill" or verb == "leave":
            self._begin(verb, name)
            return f"killed {name}" if verb == "kill" else f"sent {name} away"
        if self._end(name, frozenset({"pause"})):
            return f"{name} goes on"
        if verb == "resume":
            raise RefusedError(f"{name} is not paused")
        self._begin("pause", name)
        return f"paused {name}"

    def _add(self) -> str:
        number = len(self._world.hosts) + 1
        if number > NODES_MAX:
            raise RefusedError(f"a world has at most {NODES_MAX:,} nodes")
        while f"n{number}" in self._world.hosts:
            number += 1
        self._begin("join", f"n{number}")
        lossy = next((e for e in self._hand.in_force() if e.kind == "loss"), None)
        if lossy is not None:
            self._begin("loss", f"n{number}", amount=lossy.amount)
        return f"added n{number}"

    def _undo(self) -> str:
        while self._done:
            episode = self._done.pop()
            if episode.kind == "loss" and self._end_loss():
                return "took back: loss"
            if self._hand.end(episode.number):
                return f"took back: {episode.kind} {episode.subject}"
        raise RefusedError("nothing to take back")

    def _begin(self, kind: Kind, name: str, *peers: str, amount: int = 0) -> None:
        self._number += 1
        episode = Episode(self._number, kind, 0, 0, name, peers, amount)
        self._done = [*self._done, episode][-UNDO_MAX:]
        self._hand.begin(episode)

    def _end(self, name: str, kinds: frozenset[Kind]) -> bool:
        """End everything of these kinds that is in force on a node; whether there was anything."""
        numbers = [e.number for e in self._hand.in_force() if e.subject == name and e.kind in kinds]
        for number in numbers:
            self._hand.end(number)
        return bool(numbers)
