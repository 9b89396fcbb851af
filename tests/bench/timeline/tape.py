"""What the live buffer costs: 15 minutes at 1,000 facts/s in memory, and any moment of it.

    python -m tests.bench.timeline.tape [--minutes 15]     budgets: 300 MB (SCREENS 5), 50 ms a seek

Real kinds of facts: the busiest seconds of `tests.tui.story.busy_death`, over and over, each round
later than the one before and numbered on. Prints the resident memory that the buffer adds, bytes a
fact, what hearing costs and how long seeks take. Times are the
processor's, so that a busy machine does not show.
"""

from __future__ import annotations

import argparse
import gc
import json
from collections.abc import Iterator
from pathlib import Path
from random import Random
from time import process_time

from msgspec.structs import replace

from cluster.model.facts import Fact, MemberChanged, MessageReceived, MessageSent, Payload
from tests.tui.story import KILLED, N4, SECOND, busy_death
from tui.driving.collector import calm_collector
from tui.fold import fold
from tui.timeline.tape import Tape
from tui.view import ClusterView

PER_S = 1_000
ROUND = (KILLED - 4 * SECOND, KILLED + 11 * SECOND)
FACTS_PER_BATCH = 33


def rounds(seconds: int) -> Iterator[list[Fact]]:
    """Batches of 33 facts at 1,000 facts/s: a node is killed and comes back every 15 s or so."""
    first = [f for f in busy_death() if f.at < ROUND[0]]
    for start in range(0, len(first), FACTS_PER_BATCH):
        yield first[start : start + FACTS_PER_BATCH]
    told = [f for f in busy_death() if ROUND[0] <= f.at < ROUND[1]]
    pace = len(told) * 1_000_000 // PER_S
    seqs: dict[tuple[str, int], int] = {}
    lives: dict[str, int] = {}
    left = seconds * PER_S
    turn = 0
    for fact in first:
        lives[fact.node] = max(lives.get(fact.node, 0), fact.epoch)
        seqs[fact.node, fact.epoch] = fact.seq
    while left > 0:
        batch: list[Fact] = []
        for place, fact in enumerate(told):
            at = ROUND[0] + turn * pace + place * 1_000_000 // PER_S
            epoch = fact.epoch + (turn * 20 * SECOND if fact.node == N4 else 0)
            number = seqs[fact.node, epoch] = seqs.get((fact.node, epoch), 0) + 1
            batch.append(
                replace(fact, epoch=epoch, seq=number, at=at, hlc=at, payload=_shifted(fact, turn))
            )
            if len(batch) == FACTS_PER_BATCH:
                yield batch
                batch = []
        yield batch
        turn += 1
        left -= len(told)


def _shifted(fact: Fact, turn: int) -> Payload:
    """The same thing, said in a later round."""
    payload = fact.payload
    more = turn * 20 * SECOND
    match payload:
        case MessageSent():
            return replace(payload, number=payload.number + turn * 100_003)
        case MessageReceived():
            epoch = payload.sender_epoch + (more if payload.sender == N4 else 0)
            return replace(payload, number=payload.number + turn * 100_003, sender_epoch=epoch)
        case MemberChanged() if payload.claim.name == N4:
            return replace(payload, claim=replace(payload.claim, epoch=payload.claim.epoch + more))
        case _:
            return payload


def resident_mb() -> float:
    """Of this process, now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4_096 / 1e6


def measure(minutes: int) -> dict[str, float]:
    """Hear so many minutes, then look around."""
    calm_collector()
    tape, view = Tape(), ClusterView()
    busy_death()
    gc.collect()
    before = resident_mb()
    spent, dearest = 0.0, 0.0
    for batch in rounds(minutes * 60):
        if not batch:
            continue
        view = fold(view, batch)
        began = process_time()
        tape.add(batch, view, batch[-1].at)
        took = process_time() - began
        spent += took
        dearest = max(dearest, took)
    gc.collect()
    held = resident_mb() - before
    random = Random(1)
    span = tape.end_us - tape.begin_us
    times: list[float] = []
    for _ in range(200):
        t = tape.begin_us + random.randrange(span)
        began = process_time()
        tape.view_at(t)
        times.append((process_time() - began) * 1_000)
    times.sort()
    return {
        "facts": tape.count - tape.first,
        "minutes": round(span / 60e6, 1),
        "resident_mb": round(held, 1),
        "held_mb": round(tape.bytes_held / 1e6, 1),
        "us_per_fact": round(spent / tape.count * 1e6, 2),
        "dearest_ms": round(dearest * 1e3, 1),
        "seek_ms_p50": round(times[100], 1),
        "seek_ms_p95": round(times[190], 1),
        "seek_ms_max": round(times[-1], 1),
    }


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=int, default=15)
    print(json.dumps(measure(parser.parse_args().minutes)))


if __name__ == "__main__":
    main()
