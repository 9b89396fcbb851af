"""Pair 4: the master and one other are cut off from the rest, while clients write on both sides.

`failover` trusts a timer: the rest hear nothing, and the lowest name among them makes itself master.
Both masters acknowledge what they have on their own disks. When the split heals the lower name stays
and the other copies it, and throws its own acknowledged writes away. `majority` asks: a master that
cannot hear a majority acknowledges nothing, and the rest elect one in a new term.

Every write has a key of its own, so that a lost one is plainly lost: nothing can have replaced it.
The judge is the one that judges every cluster (`cluster.model.judging`). Who reigned is what nodes
say of themselves; who committed in which term is in each acknowledgement.
"""

from __future__ import annotations

from random import Random
from typing import Final

from msgspec import Struct, field
from msgspec.structs import replace

from cluster.config import MS, SECOND, ArchitectureConfig, ArchitectureName
from cluster.model.facts import Fact, ReignBegan, ReignEnded, WritesDiscarded
from cluster.model.judging.deeds import Deed, Evidence
from cluster.model.judging.deeds import Outcome as JudgedOutcome
from cluster.model.judging.measures import Measures, measure
from cluster.model.judging.reigns import Thrones
from cluster.model.member import NodeId
from cluster.protocol.effects import Response
from cluster.protocol.messages import GetRequest, PutRequest, Refusal, WriteResponse
from cluster.sim.pairs.record import Figure, Outcome, Progress, Step, Way, check, percent
from cluster.sim.pairs.stage import AGREED_WITHIN_US, ANSWERED_WITHIN_US, QUIET, Stage

NODES: Final = 5
BEFORE_US: Final = SECOND
"""Clients write this long before the split."""
SPLIT_US: Final = 6 * SECOND
AFTER_US: Final = 2 * SECOND
"""And this long after it has healed."""
EVERY_US: Final = 20 * MS
"""On each side one write begins this often."""


class Side(Struct):
    """What came of the writes that one side was given during the split, before it healed."""

    tried: int = 0
    acknowledged: int = 0


class Count(Struct):
    """What came of one way."""

    measures: Measures | None = None
    small: Side = field(default_factory=Side)
    large: Side = field(default_factory=Side)
    discarded: int = 0
    """Acknowledged writes that nodes say they threw away."""
    committers: int = 0
    """The most masters that committed in one term."""
    committed: int = 0
    """Acknowledgements that said which master in which term had committed."""
    steps: tuple[Step, ...] = ()

    @property
    def judged(self) -> Measures:
        """What the judge says."""
        assert self.measures is not None
        return self.measures

    @property
    def lost(self) -> int:
        """Acknowledged writes that cannot be read in the end."""
        return self.judged.lost_count + self.judged.unread


def play(seed: int, progress: Progress | None = None) -> Outcome:
    """The same split and the same writes, decided by a timer and by a majority."""
    timer = _Run("wrong", "failover", seed, progress).count
    majority = _Run("right", "majority", seed, progress).count
    return Outcome(
        steps=(*timer.steps, *majority.steps),
        wrong=(
            *_figures(timer),
            Figure("acknowledged by a master that then threw them away", timer.discarded, "writes"),
        ),
        right=_figures(majority),
        claims=(
            check(
                "on a timer: for some time there are two masters",
                _seconds(timer.judged.dual_master_us),
                ">",
                0,
                unit="s",
                of=SPLIT_US // SECOND,
                of_what="s of split",
            ),
            check(
                "on a timer: acknowledged writes are lost",
                timer.lost,
                ">",
                0,
                unit="lost",
                of=timer.judged.acknowledged,
                of_what="acknowledged",
            ),
            check(
                "by majority: no acknowledged write is lost",
                majority.lost,
                "==",
                0,
                unit="lost",
                of=majority.judged.acknowledged,
                of_what="acknowledged",
            ),
            check(
                "by majority: in each term one master commits",
                majority.committers,
                "==",
                1,
                unit="master at most",
                of=majority.committed,
                of_what="commits",
            ),
            check(
                "by majority: the smaller side accepts nothing",
                majority.small.acknowledged,
                "==",
                0,
                unit="acknowledged",
                of=majority.small.tried,
                of_what="tried there",
            ),
            check(
                "by majority: the larger side goes on",
                majority.large.acknowledged,
                ">",
                0,
                unit="acknowledged",
                of=majority.large.tried,
                of_what="tried there",
            ),
        ),
    )


def _seconds(us: int) -> float:
    return round(us / SECOND, 2)


def _figures(count: Count) -> tuple[Figure, ...]:
    small, large = count.small, count.large
    return (
        Figure("acknowledged writes lost", count.lost, "writes"),
        Figure("time with two masters", _seconds(count.judged.dual_master_us), "s"),
        Figure("acknowledged on the side of two", percent(small.acknowledged, small.tried), "%"),
        Figure("acknowledged on the side of three", percent(large.acknowledged, large.tried), "%"),
        Figure("longest time without service", _seconds(count.judged.longest_outage.us), "s"),
    )


class _Run:
    """One way, from the founding to the verdict."""

    def __init__(
        self, way: Way, kind: ArchitectureName, seed: int, progress: Progress | None
    ) -> None:
        founders = tuple(f"n{number}" for number in range(1, NODES + 1))
        architecture = ArchitectureConfig(kind=kind, founders=founders)
        config = replace(QUIET, architecture=architecture)
        self.count = Count()
        self._thrones = Thrones()
        self._deeds: dict[int, Deed] = {}
        self._reigns: dict[int, set[str]] = {}
        """Of each term, the masters that committed in it, as the acknowledgements say."""
        self._writing = True
        self._healed_at = 0
        stage = self._stage = Stage(way, seed, NODES, config, progress, self._hear)
        stage.wait(self._one_master, AGREED_WITHIN_US, "everybody follows one master")
        master = stage.node("n1").policy.rule().master
        stage.note(f"{master} is master, everybody follows it")
        self._rng = Random(f"{seed}/split and clients")
        others = [name for name in founders if name != master]
        few = (master, self._rng.choice(others))
        self._sides = (few, tuple(name for name in others if name not in few))
        self._play()
        self._judge()

    def _hear(self, fact: Fact) -> None:
        match fact.payload:
            case ReignBegan(term):
                self._thrones.began(fact.node, term, fact.at)
            case ReignEnded():
                self._thrones.ended(fact.node, fact.at)
            case WritesDiscarded(count):
                self.count.discarded += count
            case _:
                pass

    def _one_master(self) -> bool:
        rules = [node.policy.rule() for node in self._stage.nodes()]
        return sum(rule.leads for rule in rules) == 1 == len({rule.master for rule in rules} - {""})

    # --- what is done ---------------------------------------------------------------------------

    def _play(self) -> None:
        stage, network = self._stage, self._stage.world.network
        for number in range(len(self._sides)):
            self._write(number)
        stage.run(BEFORE_US)
        few, many = self._sides
        network.partition(tuple(map(NodeId, few)), tuple(map(NodeId, many)))
        self._split_at = stage.world.now
        stage.note(
            f"{' '.join(few)} are cut off from {' '.join(many)}, clients write on both sides"
        )
        stage.run(SPLIT_US)
        leads = [node.name for node in stage.nodes() if node.policy.rule().leads]
        stage.note(f"who acts as master after {SPLIT_US / SECOND:g} s: {' '.join(leads)}")
        network.heal()
        self._healed_at = stage.world.now
        stage.run(AFTER_US)
        self._writing = False
        ended = lambda: all(deed.ended for deed in self._deeds.values())  # noqa: E731
        stage.wait(ended, ANSWERED_WITHIN_US, "every write is answered")
        stage.wait(self._one_master, AGREED_WITHIN_US, "everybody follows one master again")
        stage.settle()
        stage.note("the split has healed, everybody follows one master again")

    def _write(self, side: int) -> None:
        """A client of that side writes a key of its own, and another will soon."""
        world = self._stage.world
        if not self._writing:
            return
        world.after(EVERY_US, lambda: self._write(side))
        number = len(self._deeds) + 1
        node = self._rng.choice(self._sides[side])
        key = f"answer {number}"
        self._deeds[number] = Deed(
            number, side, "write", key, world.now, value=f"of {node}", node=NodeId(node)
        )
        request = PutRequest(key.encode(), f"of {node}".encode())
        world.ask(node, request, lambda response: self._answered(number, response))

    def _answered(self, number: int, response: Response) -> None:
        outcome: JudgedOutcome = "maybe"
        match response:
            case WriteResponse(outcome="ok", context=context):
                outcome = "ok"
                for actor in context:  # "n1.2.0": written by n1 as master of term 2 (`stamps`)
                    master, term, _ = actor.rsplit(".", 2)
                    self._reigns.setdefault(int(term, 16), set()).add(master)
                    self.count.committed += 1
            case Refusal():
                outcome = "failed"
            case _:
                pass
        deed = self._deeds[number]
        self._deeds[number] = replace(deed, ended=self._stage.world.now, outcome=outcome)

    # --- what came of it ------------------------------------------------------------------------

    def _judge(self) -> None:
        stage, count, deeds = self._stage, self.count, tuple(self._deeds.values())
        asks = ((stage.names[0], GetRequest(deed.key.encode())) for deed in deeds)
        final = {
            deed.key: answer.values
            for deed, answer in zip(deeds, stage.load(asks, "keys read"), strict=True)
            if answer.values is not None
        }
        stage.note(f"{len(final):,} of {len(deeds):,} keys are asked for and answered")
        evidence = Evidence(deeds, self._thrones.reigns(), final)
        count.measures = measure(evidence)
        count.committers = max(map(len, self._reigns.values()), default=0)
        for deed in deeds:
            if self._split_at <= deed.invoked < self._healed_at:
                side = count.large if deed.client else count.small
                side.tried += 1
                side.acknowledged += deed.outcome == "ok" and deed.ended < self._healed_at
        count.steps = tuple(stage.steps)
