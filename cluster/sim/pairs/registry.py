"""Which pairs there are, and how one is played: by name and seed, always with the same record."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from msgspec import Struct

from cluster.sim.pairs import (
    modulo,
    one_queue,
    one_token,
    per_subscriber,
    three_queues,
    two_masters,
    write_one,
)
from cluster.sim.pairs.alive import asking_all, death_alike, missed_heartbeat, own_link
from cluster.sim.pairs.copies import hints_alone, one_down, wall_clock
from cluster.sim.pairs.overlay import full_mesh
from cluster.sim.pairs.record import Outcome, Played, Progress
from cluster.sim.pairs.rooms import kill_deploy, random_twin
from cluster.sim.pairs.ways import three_ways


class Pair(Struct, frozen=True):
    """One lesson: its two sentences, and the experiment that shows it."""

    name: str
    number: int
    """Its number among the talk's pairs."""
    dont: str
    do: str
    play: Callable[[int, Progress | None], Outcome]
    """Seed and progress in, counts and claims out."""


PAIRS: Final[dict[str, Pair]] = {
    pair.name: pair
    for pair in (
        Pair(
            "missed-heartbeat",
            1,
            "Don't call one missed heartbeat a death.",
            "Do suspect, and let the accused refute.",
            missed_heartbeat.play,
        ),
        Pair(
            "own-link",
            2,
            "Don't trust your own link alone.",
            "Do ask others to try.",
            own_link.play,
        ),
        Pair(
            "death-alike",
            3,
            "Don't assume that every death looks alike.",
            "Do believe a kernel that refuses, and give silence its time.",
            death_alike.play,
        ),
        Pair(
            "two-masters",
            4,
            "Don't fail over on a timer.",
            "Do ask a majority, and give each master a term.",
            two_masters.play,
        ),
        Pair(
            "one-queue",
            5,
            "Don't funnel everything through one process.",
            "Do shard the work, and bound every mailbox: refuse early what has no room.",
            one_queue.play,
        ),
        Pair(
            "three-queues",
            5,
            "Don't send on whatever arrives, and let it wait where it is worked on.",
            "Do have each stage ask for what it has room for; or refuse early, and count it.",
            three_queues.play,
        ),
        Pair(
            "per-subscriber",
            6,
            "Don't send a message to every subscriber.",
            "Do send one to every node, and hand it out there.",
            per_subscriber.play,
        ),
        Pair(
            "modulo",
            7,
            "Don't place keys by hash modulo N.",
            "Do place them on a ring: who joins takes its share, and nothing else moves.",
            modulo.play,
        ),
        Pair(
            "one-token",
            8,
            "Don't give each node one token on the circle.",
            "Do cut the circle into many parts and bound what one node may hold.",
            one_token.play,
        ),
        Pair(
            "write-one",
            9,
            "Don't acknowledge what only one disk has.",
            "Do wait for W disks, and read so many that R + W > N.",
            write_one.play,
        ),
        Pair(
            "one-down",
            10,
            "Don't refuse writes while one replica is down.",
            "Do let another stand in for it, and keep a hint.",
            one_down.play,
        ),
        Pair(
            "hints-alone",
            11,
            "Don't trust hints alone.",
            "Do compare trees of hashes: they find what nobody knows to be missing.",
            hints_alone.play,
        ),
        Pair(
            "wall-clock",
            12,
            "Don't merge by the clock on the wall.",
            "Do say what is changed, and merge by causes (CRDTs).",
            wall_clock.play,
        ),
        Pair(
            "random-twin",
            13,
            "Don't let a registry end a random twin.",
            "Do decide by rule, the same on every node, and merge what both have counted.",
            random_twin.play,
        ),
        Pair(
            "kill-deploy",
            14,
            "Don't stop nodes by kill in a deploy.",
            "Do drain them: processes move alive, with their state.",
            kill_deploy.play,
        ),
        Pair(
            "full-mesh",
            15,
            "Don't link everybody with everybody for ever.",
            "Do know few and reach all: a partial view, a broadcast tree, causal order.",
            full_mesh.play,
        ),
        Pair(
            "three-ways",
            16,
            "Don't let many write one score with nothing between them.",
            "Do give it one owner (actor, channels), or change it in transactions.",
            three_ways.play,
        ),
        Pair(
            "asking-all",
            17,
            "Don't let everybody ping everybody.",
            "Do ping one at random, and let the news ride along.",
            asking_all.play,
        ),
    )
}


def play(name: str, seed: int, progress: Progress | None = None) -> Played:
    """Play one pair. Raises KeyError for a name that is none."""
    pair = PAIRS[name]
    outcome = pair.play(seed, progress)
    return Played(
        name=pair.name,
        number=pair.number,
        dont=pair.dont,
        do=pair.do,
        seed=seed,
        steps=outcome.steps,
        wrong=outcome.wrong,
        right=outcome.right,
        claims=outcome.claims,
        quoted=outcome.quoted,
    )
