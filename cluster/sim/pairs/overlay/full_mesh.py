"""Pair 15: a thousand peers, all linked with all, and each linked with a few.

The wrong way is the full mesh, with n(n-1)/2 links to keep alive; and, once links are few, flooding
them all, and reading letters as they come. The right way is a partial view of few links (HyParView),
broadcast along a tree that mends itself (Plumtree), and causal order.

Simulated from end to end, with the machines of `cluster.protocol.overlay`: the nodes of the bundled
cluster know all members, and do not run these.
"""

from __future__ import annotations

from typing import Final

from cluster.config import SECOND
from cluster.sim.overlay.beyond import PEERS, Beyond
from cluster.sim.overlay.beyond import play as play_beyond
from cluster.sim.overlay.wave import Wave
from cluster.sim.pairs.record import Figure, Outcome, Progress, Step, Way, check

LINKS_EACH: Final = 3
"""Links for each peer that the views may add up to: six ends each."""
TICK_S: Final = 15
"""A silent link is ticked this often by Erlang's default (net_ticktime 60 s, intensity 4)."""
DUPLICATES_MOST: Final = 0.3
DUPLICATES_FLOODED: Final = 2


def play(seed: int, progress: Progress | None = None, peers: int = PEERS) -> Outcome:
    """Play all of it, and judge."""
    steps: list[Step] = []

    def note(way: str, at_us: int, text: str) -> None:
        wrong_or_right: Way = "wrong" if way == "wrong" else "right"
        steps.append(Step(wrong_or_right, at_us, text))
        if progress is not None:
            progress(text)

    seen = play_beyond(seed, note, peers)
    flooded, formed = _wasted((seen.flood,)), _wasted(seen.judged)
    survivors = seen.after.living
    missed = sum(wave.living - wave.had_by(wave.lasts_us) for wave in seen.repaired)
    arrival, cause = seen.by_arrival, seen.by_cause
    return Outcome(
        steps=tuple(steps),
        wrong=_wrong(seen, flooded),
        right=_right(seen, formed),
        claims=(
            check(
                "a full mesh needs a link for every pair of peers",
                seen.mesh.links,
                "==",
                peers * (peers - 1) // 2,
                unit="links",
                of=peers,
                of_what="peers",
            ),
            check(
                "partial views need at most three a peer",
                seen.links,
                "<=",
                LINKS_EACH * peers,
                unit="links",
                of=peers,
                of_what="peers",
            ),
            check(
                "flooding these links, every delivery brings two copies for nothing, or more",
                flooded,
                ">=",
                DUPLICATES_FLOODED,
                unit="duplicates a delivery",
                of=seen.flood.deliveries,
                of_what="deliveries",
            ),
            check(
                "along the tree, once it has formed, hardly any",
                formed,
                "<",
                DUPLICATES_MOST,
                unit="duplicates a delivery",
                of=sum(wave.deliveries for wave in seen.judged),
                of_what="deliveries",
            ),
            check(
                "after 30 % have died and links are repaired, a broadcast misses nobody who lives",
                missed,
                "==",
                0,
                unit="missed",
                of=survivors * len(seen.repaired),
                of_what="survivors, all broadcasts",
            ),
            check(
                "read as they arrive, some answers come before their question",
                arrival.too_early,
                ">",
                0,
                unit="answers",
                of=arrival.read,
                of_what="answers read",
            ),
            check(
                "in causal order, none does",
                cause.too_early,
                "==",
                0,
                unit="answers",
                of=cause.read,
                of_what="answers read",
            ),
            check(
                "and everybody reads every answer",
                cause.unread,
                "==",
                0,
                unit="unread",
                of=cause.answers * survivors,
                of_what="answers and readers",
            ),
        ),
    )


def _wrong(seen: Beyond, flooded: float) -> tuple[Figure, ...]:
    mesh = seen.mesh
    return (
        Figure("links", mesh.links, "links"),
        Figure("links of the busiest peer", mesh.links_each, "links"),
        Figure("ticks of one peer, at one a link in 15 s", _ticks(mesh.links_each), "a second"),
        Figure("copies sent by the busiest peer, one broadcast", mesh.sent_by_author, "copies"),
        Figure("duplicates a delivery", flooded),
        Figure("answers read before their question", seen.by_arrival.too_early, "answers"),
    )


def _right(seen: Beyond, formed: float) -> tuple[Figure, ...]:
    calm, disaster = seen.calm, seen.disaster
    return (
        Figure("links", seen.links, "links"),
        Figure("links of the busiest peer", seen.most_links, "links"),
        Figure("ticks of one peer, at one a link in 15 s", _ticks(seen.most_links), "a second"),
        Figure("copies sent by the busiest peer, one broadcast", calm.most_sent, "copies"),
        Figure("duplicates a delivery", formed),
        Figure("answers read before their question", seen.by_cause.too_early, "answers"),
        Figure("the farthest peer", max(calm.hops()), "hops"),
        Figure("until the last peer has it", _seconds(calm.lasts_us), "s"),
        Figure("until links are whole after the deaths", _seconds(seen.repair_us), "s"),
        Figure(
            "reached by the broadcast that began as they died",
            disaster.had_by(disaster.lasts_us),
            f"of {disaster.living} who live",
        ),
        Figure("of them, over links that were none of the tree's", len(disaster.mended), "peers"),
        Figure("letters held back until their turn", seen.by_cause.held_back, "letters"),
        Figure("most that waited at one peer", seen.by_cause.waiting_most, "letters"),
    )


def _wasted(waves: tuple[Wave, ...]) -> float:
    """Copies that came for nothing, for each delivery."""
    delivered = sum(wave.deliveries for wave in waves)
    return round(sum(len(wave.again) for wave in waves) / delivered, 2) if delivered else 0.0


def _ticks(links: int) -> float:
    return round(links / TICK_S, 1)


def _seconds(us: int) -> float:
    return round(us / SECOND, 2)
