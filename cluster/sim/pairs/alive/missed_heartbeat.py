"""Pair 1: a process stands still for two seconds (SIGSTOP). Is that a death?

The wrong way takes one missed answer for a death, and a death for a departure: who has not answered
a ping within its period (300 ms) is dead and off the ring. The right way is the demo's own: a suspect
has some seconds to say that it lives, with a higher incarnation, and keeps its place. Nothing else
differs. Both ways ask others to try as well, which does not help here: who stands still answers
nobody. What moves is counted where it lands: copies on disks that did not have them before.
"""

from __future__ import annotations

from random import Random
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from cluster.config import SECOND, Config
from cluster.model.member import NodeId
from cluster.protocol.effects import Persist, PutRecord
from cluster.protocol.messages import PutRequest
from cluster.sim.host import Host
from cluster.sim.pairs.alive.beliefs import Beliefs
from cluster.sim.pairs.record import Figure, Outcome, Progress, Step, Way, check
from cluster.sim.pairs.stage import QUIET, Stage, StageError

NODES: Final = 5
STOPPED: Final = NodeId("n3")
KEYS: Final = 1_000
PAUSE_US: Final = 2 * SECOND
AFTER_US: Final = 5 * SECOND
"""Looked at for so long after the pause: a suspicion of before has ended by then."""
HEARTBEAT: Final = replace(
    QUIET,
    membership=replace(
        QUIET.membership,
        suspicion="fixed",
        suspicion_min_us=0,
        suspicion_max_us=0,
        crash_suspicion_us=0,
        evict_after_us=0,
    ),
)
"""One missed answer is death, and death is departure at once."""


class Count(Struct):
    """What one way came to."""

    suspected_by: int = 0
    dead_at: int = 0
    """Nodes that held it dead."""
    dead_after_us: int = 0
    """From the stop to the first of them; 0 when there was none."""
    incarnations: int = 0
    """By how many the stopped node's own has risen."""
    ring_changes: int = 0
    moved: int = 0
    """Copies on disks that had none of that key before."""
    copies: int = 0
    """Of all keys, before."""
    steps: tuple[Step, ...] = ()


def play(seed: int, progress: Progress | None = None) -> Outcome:
    """The same two seconds, by timeout and by suspicion."""
    timeout = _one_way("wrong", HEARTBEAT, seed, progress)
    suspicion = _one_way("right", QUIET, seed, progress)
    others = NODES - 1
    return Outcome(
        steps=(*timeout.steps, *suspicion.steps),
        wrong=(
            *_figures(timeout),
            Figure("from the stop to the first such verdict", _seconds(timeout.dead_after_us), "s"),
        ),
        right=_figures(suspicion),
        claims=(
            check(
                "by timeout: a process that lives is declared dead",
                timeout.dead_at,
                ">=",
                1,
                unit="nodes believe it",
                of=others,
                of_what="other nodes",
            ),
            check(
                "by timeout: its keys are copied to others for nothing",
                timeout.moved,
                ">",
                0,
                unit="copies moved",
                of=timeout.copies,
                of_what="copies",
            ),
            check(
                "by suspicion: its silence is noticed",
                suspicion.suspected_by,
                ">=",
                1,
                unit="nodes suspect it",
                of=others,
                of_what="other nodes",
            ),
            check(
                "by suspicion: nobody declares it dead",
                suspicion.dead_at,
                "==",
                0,
                unit="nodes believe it dead",
                of=others,
                of_what="other nodes",
            ),
            check(
                "by suspicion: it refutes, with an incarnation one higher",
                suspicion.incarnations,
                "==",
                1,
                unit="higher",
                of=suspicion.suspected_by,
                of_what="nodes suspected it",
            ),
            check(
                "by suspicion: nothing moves",
                suspicion.moved,
                "==",
                0,
                unit="copies moved",
                of=suspicion.copies,
                of_what="copies",
            ),
        ),
    )


def _seconds(us: int) -> float:
    return round(us / SECOND, 2)


def _figures(count: Count) -> tuple[Figure, ...]:
    return (
        Figure("nodes that declare the living process dead", count.dead_at, "nodes"),
        Figure("copies moved", count.moved, f"of {count.copies:,}"),
        Figure("nodes that suspect it", count.suspected_by, "nodes"),
        Figure("times a node took it off its ring, or back", count.ring_changes, "times"),
    )


def _one_way(way: Way, config: Config, seed: int, progress: Progress | None) -> Count:
    beliefs, count = Beliefs(), Count()
    stage = Stage(way, seed, NODES, config, progress, beliefs.hear)
    keys = [b"k%d" % number for number in range(KEYS)]
    puts = ((stage.names[i % NODES], PutRequest(key, b"v")) for i, key in enumerate(keys))
    if not all(answer.written for answer in stage.load(puts, "keys written")):
        raise StageError("not every key was written, in a calm world")
    stage.run(SECOND + Random(f"{seed}/pause").randrange(config.membership.probe_period_us))
    disks = {host.name: {key for _, key in host.disk.places()} for host in _hosts(stage)}
    count.copies = sum(map(len, disks.values()))
    stage.note(f"{KEYS:,} keys are written, {count.copies:,} copies are on disks")

    def write(host: Host, persist: Persist) -> None:
        for asked in persist.writes:
            if isinstance(asked, PutRecord) and asked.key not in disks[host.name]:
                disks[host.name].add(asked.key)
                count.moved += 1

    stage.world.scribes.append(write)
    beliefs.forget()
    before = stage.node(STOPPED).members.own.incarnation
    stopped_at = stage.world.now
    stage.world.pause(STOPPED)
    stage.note(f"{STOPPED} stands still")
    stage.run(PAUSE_US)
    _note_beliefs(stage, beliefs)
    stage.world.resume(STOPPED)
    stage.note(f"{STOPPED} goes on, after {PAUSE_US / SECOND:g} s")
    stage.run(AFTER_US)
    stage.settle()
    count.suspected_by = len(beliefs.who_suspects(STOPPED))
    buried = beliefs.who_buries(STOPPED)
    count.dead_at = len(buried)
    if buried:
        count.dead_after_us = min(beliefs.dead[who, STOPPED] for who in buried) - stopped_at
    count.incarnations = stage.node(STOPPED).members.own.incarnation - before
    count.ring_changes = beliefs.ring_changes
    stage.note(f"all agree that {STOPPED} lives; {count.moved} copies have moved")
    count.steps = tuple(stage.steps)
    return count


def _hosts(stage: Stage) -> list[Host]:
    return [stage.host(name) for name in stage.names]


def _note_beliefs(stage: Stage, beliefs: Beliefs) -> None:
    suspect, dead = beliefs.who_suspects(STOPPED), beliefs.who_buries(STOPPED)
    if dead:
        stage.note(f"{len(dead)} of {NODES - 1} nodes have declared it dead")
    else:
        stage.note(f"{len(suspect)} of {NODES - 1} nodes suspect it, none has declared it dead")
