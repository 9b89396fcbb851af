"""One seed: a world, its schedule, its clients, its judges, in two phases (TigerBeetle's VOPR).

Safety: anything fails, and no promise may be broken. Liveness: everything is healed, and progress
is demanded within the bounds of `SimConfig`. The first broken promise ends the world.

Deterministic: the result is a function of the options (and of the code).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from msgspec import Struct

from cluster.config import SECOND
from cluster.model.facts import Fact
from cluster.model.member import NodeId
from cluster.sim.check.answers import Answers
from cluster.sim.check.bounds import Bounds
from cluster.sim.check.deletions import Deletions
from cluster.sim.check.dots import Dots
from cluster.sim.check.exact import Exact
from cluster.sim.check.finding import BrokenPromiseError
from cluster.sim.check.incidents import Incidents
from cluster.sim.check.judged import Judged
from cluster.sim.check.outcome import Outcome
from cluster.sim.check.readable import Readable
from cluster.sim.check.words import Words
from cluster.sim.config import SIM, SimConfig
from cluster.sim.faults.hand import Hand
from cluster.sim.faults.options import Options
from cluster.sim.faults.schedule import Episode, names, plan
from cluster.sim.load.clients import Clients
from cluster.sim.load.history import History
from cluster.sim.rooms.part import RoomsPart
from cluster.sim.trial.aftermath import Aftermath
from cluster.sim.world import World

FORMED_WITHIN_US = 20 * SECOND
"""The first nodes find each other before anything is hurt."""


class Broken(Struct, frozen=True):
    """A promise that was broken."""

    judge: str
    sentence: str
    at_us: int
    """Since the world began."""
    facts: tuple[Fact, ...]
    """The last facts before it."""


class Result(Struct, frozen=True):
    """What one seed came to."""

    options: Options
    digest: str
    virtual_us: int
    messages: int
    inputs: int
    episodes: tuple[Episode, ...]
    operations: dict[str, int]
    """How many ended how."""
    checked: dict[str, int]
    """How many times each judge judged."""
    recovered_us: dict[str, int]
    """How long each demand of the liveness phase took."""
    spoken: dict[str, int] = {}
    """What was wanted of rooms, by how it ended."""
    broken: Broken | None = None


Progress = Callable[[int, int, int], None]
"""(virtual microseconds so far, of how many about, messages)."""


class Trial:
    """One world under judgement."""

    def __init__(self, options: Options, bounds: SimConfig = SIM) -> None:
        self.options = options
        self._bounds = bounds
        self.world = World(options.seed, options.config(), options.weather)
        self.hand = Hand(self.world, plan(options))
        self.recent: deque[Fact] = deque(maxlen=bounds.facts_shown)
        w, lost = options.write_quorum, self.hand.lost_since
        self.answers = Answers(self.world, w, lost)
        self.clients = Clients(self.world, options, self.hand.expected, [self.answers])
        self.answers.history = self.clients.history
        self.dots = Dots()
        self.words = Words(self._own)
        self.queues = Bounds(self.world)
        self.deletions = Deletions(self.world, lost)
        self.incidents = Incidents(self.world)
        self.exact = Exact(self.history, w, lost)
        self.clients.listeners.append(self.exact)
        self.outcome = Outcome(self.clients.history, w, lost)
        self.judged = Judged(self.clients.history, w, lost)
        self.rooms = RoomsPart(self.world, options, self.hand.expected, bounds)
        self.aftermath = Aftermath(self, bounds)
        self.world.scribes += [self.dots.store, self.deletions.store]
        self.world.watchers += [self.recent.append, self.words.hear, self.incidents.hear]
        self.readable = Readable(self.world, self.history)
        if self.rooms.any:
            self.world.watchers.append(self.rooms.hear)
        if options.gentle:
            self.world.watchers.append(self.readable.hear)
        self._start = self.world.now

    @property
    def history(self) -> History:
        """What the clients did."""
        return self.clients.history

    def _own(self, name: NodeId, epoch: int) -> int | None:
        host = self.world.hosts.get(name)
        if host is None or host.node is None or host.node.epoch != epoch:
            return None
        return host.node.members.own.incarnation

    def run(self, progress: Progress | None = None) -> Result:
        """Play it to its end, or to the first broken promise."""
        broken: Broken | None = None
        try:
            self._safety(progress)
            self.aftermath.judge()
        except BrokenPromiseError as error:
            at = self.world.now - self._start
            broken = Broken(error.judge, error.sentence, at, tuple(self.recent))
        return self._result(broken)

    def _safety(self, progress: Progress | None) -> None:
        world, options = self.world, self.options
        self.hand.found(names(options.nodes))
        if not world.until(self.aftermath.agreed, FORMED_WITHIN_US):
            raise BrokenPromiseError("formed", f"{options.nodes} nodes did not find each other")
        self.hand.play()
        self.clients.start()
        self.rooms.start()
        end = world.now + options.lasting_us
        while world.now < end:
            world.run(min(end, world.now + self._bounds.look_every_us))
            self.queues.look()
            self.rooms.look(calm=self.hand.idle and self.aftermath.agreed())
            if progress is not None:
                progress(world.now - self._start, options.lasting_us, world.delivered)
        self._noticed()

    def _noticed(self) -> None:
        """Crashes that nothing obscured were known everywhere in time."""
        if self.options.faults != "kills":
            return
        bounds = self._bounds
        for silent, within in (
            (False, bounds.crash_known_within_us),
            (True, bounds.silence_known_within_us),
        ):
            for at, kill in self.hand.clean_kills(bounds.settled_before_us, within):
                if bool(kill.amount) == silent:
                    self.incidents.noticed(kill.subject, at, within)

    def _result(self, broken: Broken | None) -> Result:
        checked = {
            "answers": self.answers.checked,
            "bounds": self.queues.checked,
            "crashes": self.incidents.noticed_checked,
            "deletions": self.deletions.checked,
            "dots": self.dots.checked,
            "exact": self.exact.checked,
            "facts": self.words.checked,
            "judged": self.judged.checked,
            "incidents": len(self.incidents.book.incidents),
            "outcomes": self.outcome.checked,
            "readable": self.readable.checked,
            **self.rooms.checked(),
        }
        return Result(
            options=self.options,
            digest=self.world.digest(),
            virtual_us=self.world.now - self._start,
            messages=self.world.delivered,
            inputs=self.world.handled,
            episodes=tuple(episode for _, episode in self.hand.begun),
            operations=self.history.counts(),
            checked=checked,
            recovered_us=self.aftermath.took,
            spoken=self.rooms.clients.deeds.counts(),
            broken=broken,
        )


def run_trial(options: Options, progress: Progress | None = None) -> Result:
    """One seed, from its options to its verdict."""
    return Trial(options).run(progress)
