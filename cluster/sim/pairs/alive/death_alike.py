"""Pair 3: four ways to fall silent. Which of them can be told from the others, and how soon?

A process that is killed leaves its machine's kernel behind: connections close, new ones are refused,
and that is testimony. One that stands still, one whose links are cut and one whose machine has lost
its power leave nothing but silence; from outside they are one and the same. The wrong way has one
patience for all of them (`crash_suspicion_us` as long as a suspicion): a crash that everybody could
know of waits as long as silence must. The right way believes the kernel sooner; still it asks
first, because a process may have been started again meanwhile.

Each time is from the deed to the first and to the last survivor that holds n3 dead. All deeds of one
seed are done at one moment of one world, which is somewhere in a probe's period.
"""

from __future__ import annotations

from random import Random
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from cluster.config import MS, SECOND, Config
from cluster.model.member import NodeId
from cluster.sim.pairs.alive.beliefs import Beliefs
from cluster.sim.pairs.record import Figure, Outcome, Progress, Quoted, Step, Way, check
from cluster.sim.pairs.stage import QUIET, Stage

NODES: Final = 5
SILENT: Final = NodeId("n3")
KILL: Final = "killed"
DEEDS: Final[dict[str, str]] = {
    KILL: f"{SILENT} is killed (kill -9)",
    "stopped": f"{SILENT} stands still (SIGSTOP)",
    "cut off": f"every link of {SILENT} is cut",
    "unplugged": f"the machine of {SILENT} loses its power",
}
TESTIMONY_US: Final = 3 * SECOND // 2
"""A killed process is dead everywhere this soon: a probe's period (0.3 s) until nobody has answered,
the wait that a refused connection leaves (0.6 s), a round of gossip; and room for a probe more."""
SILENCE_US: Final = 5 * SECOND
"""And one that is only silent this soon: a round of probes and a suspicion that others confirm."""
KNOWN_WITHIN_US: Final = 30 * SECOND
ONE_PATIENCE: Final = replace(
    QUIET,
    membership=replace(QUIET.membership, crash_suspicion_us=QUIET.membership.suspicion_min_us),
)
ERLANG: Final = Quoted(
    "Erlang's default for a node that is only silent",
    "45 to 75 s",
    "Erlang's kernel: net_ticktime 60 s, net_tickintensity 4; a closed socket is seen at once",
)


class Fall(Struct):
    """How one deed was taken for a death."""

    first_us: int
    last_us: int


class Count(Struct):
    """What one way came to, by deed."""

    falls: dict[str, Fall] = {}
    steps: tuple[Step, ...] = ()

    @property
    def silent(self) -> list[Fall]:
        """Those without testimony."""
        return [fall for deed, fall in self.falls.items() if deed != KILL]


def play(seed: int, progress: Progress | None = None) -> Outcome:
    """Each deed in a world of its own, under both ways."""
    alike = _one_way("wrong", ONE_PATIENCE, seed, progress)
    apart = _one_way("right", QUIET, seed, progress)
    config = QUIET.membership
    patience = config.suspicion_min_us
    survivors = NODES - 1
    silences = survivors * len(apart.silent)
    return Outcome(
        steps=(*alike.steps, *apart.steps),
        wrong=_figures(alike),
        right=_figures(apart),
        claims=(
            check(
                "one patience for all: a crash waits as long as silence must",
                _seconds(alike.falls[KILL].first_us),
                ">=",
                _seconds(patience),
                unit="s until the first knows",
                of=survivors,
                of_what="survivors",
            ),
            check(
                "believing the kernel: a crash is known everywhere before silence proves anything",
                _seconds(apart.falls[KILL].last_us),
                "<=",
                _seconds(TESTIMONY_US),
                unit="s until all know",
                of=survivors,
                of_what="survivors",
            ),
            check(
                "stopped, cut off or unplugged: none is called dead before its suspicion has ended",
                _seconds(min(fall.first_us for fall in apart.silent)),
                ">=",
                _seconds(patience),
                unit="s until the first knows",
                of=silences,
                of_what="verdicts",
            ),
            check(
                "stopped, cut off or unplugged: from outside they are one and the same",
                _apart_us(apart.silent) // MS,
                "<=",
                config.gossip_period_us // MS,
                unit="ms between their verdicts",
                of=silences,
                of_what="verdicts",
            ),
            check(
                "stopped, cut off or unplugged: each is dead everywhere within seconds",
                _seconds(max(fall.last_us for fall in apart.silent)),
                "<=",
                _seconds(SILENCE_US),
                unit="s until all know",
                of=silences,
                of_what="verdicts",
            ),
        ),
        quoted=(ERLANG,),
    )


def _apart_us(falls: list[Fall]) -> int:
    """How far apart verdicts on the same moment of the same world are, first and last alike."""
    firsts, lasts = [fall.first_us for fall in falls], [fall.last_us for fall in falls]
    return max(max(firsts) - min(firsts), max(lasts) - min(lasts))


def _seconds(us: int) -> float:
    return round(us / SECOND, 2)


def _figures(count: Count) -> tuple[Figure, ...]:
    return tuple(
        Figure(f"{deed}, until all know", _seconds(fall.last_us), "s")
        for deed, fall in count.falls.items()
    )


def _one_way(way: Way, config: Config, seed: int, progress: Progress | None) -> Count:
    count = Count(falls={})
    phase = Random(f"{seed}/death alike").randrange(config.membership.probe_period_us)
    for deed, text in DEEDS.items():
        beliefs = Beliefs()
        stage = Stage(way, seed, NODES, config, progress, beliefs.hear)
        stage.run(SECOND + phase)
        beliefs.forget()
        did_at = stage.world.now
        stage.names.remove(SILENT)
        _do(deed, stage)
        stage.note(text)
        stage.wait(
            lambda stage=stage, b=beliefs: len(b.who_buries(SILENT)) >= len(stage.names),
            KNOWN_WITHIN_US,
            f"{SILENT} is dead to all others",
        )
        moments = [at for (who, whom), at in beliefs.dead.items() if whom == SILENT != who]
        fall = count.falls[deed] = Fall(min(moments) - did_at, max(moments) - did_at)
        stage.note(
            f"the first survivor holds it dead after {_seconds(fall.first_us):g} s, "
            f"the last after {_seconds(fall.last_us):g} s"
        )
        count.steps += tuple(stage.steps)
    return count


def _do(deed: str, stage: Stage) -> None:
    world = stage.world
    match deed:
        case "stopped":
            world.pause(SILENT)
        case "cut off":
            world.network.partition((SILENT,), tuple(map(NodeId, stage.names)))
        case "unplugged":
            world.kill(SILENT, silent=True)
        case _:
            world.kill(SILENT)
