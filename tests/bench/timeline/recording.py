"""What a file costs: an hour at 1,000 facts/s written, opened, and looked at anywhere.

    python -m tests.bench.timeline.recording [--minutes 60] [--read FILE.rec]

Budgets (SCREENS 5, issue 6): opened in 1 s, any moment in 50 ms, 20 bytes a fact. The facts are
those of `tests.bench.timeline.tape`. Prints bytes a fact (chunks, views, all), what recording costs
with and without the fold, the memory it adds, and the times of opening and seeking, in processor
time and by the wall; the file is then torn, and read through.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random
from time import perf_counter, process_time

from tests.bench.timeline.tape import resident_mb, rounds
from tui.driving.collector import calm_collector
from tui.timeline.rec import HEAD, MAGIC
from tui.timeline.recording import Recording
from tui.timeline.writer import Recorder

SEEKS = 300


def write(path: Path, minutes: int) -> dict[str, float]:
    """Record so many minutes."""
    before = 0.0
    began = process_time()
    with Recorder(path, "bench", 0) as recorder:
        for number, batch in enumerate(rounds(minutes * 60)):
            if batch:
                recorder.hear(batch, batch[-1].at)
            if number == 3_000:
                before = resident_mb()
        grown = resident_mb() - before
    spent = process_time() - began
    return {
        "facts": recorder.facts,
        "us_per_fact": round(spent / recorder.facts * 1e6, 1),
        "memory_grew_mb": round(grown, 1),
        "file_mb": round(path.stat().st_size / 1e6, 1),
        "bytes_per_fact": round(path.stat().st_size / recorder.facts, 1),
    }


def shares(path: Path, facts: int) -> dict[str, float]:
    """Bytes a fact by type of record."""
    sizes: Counter[str] = Counter()
    with path.open("rb") as file:
        file.seek(len(MAGIC))
        while len(head := file.read(HEAD.size)) == HEAD.size:
            length, letter, _ = HEAD.unpack(head)
            sizes[letter.decode()] += HEAD.size + length
            file.seek(length, os.SEEK_CUR)
            if letter == b"Z":
                break
    return {f"{kind}_per_fact": round(size / facts, 2) for kind, size in sizes.items()}


def timed(act: Callable[[], object]) -> tuple[float, float]:
    """Milliseconds: by the wall, of the processor."""
    wall, cpu = perf_counter(), process_time()
    act()
    return (perf_counter() - wall) * 1e3, (process_time() - cpu) * 1e3


def read(path: Path) -> dict[str, float]:
    """Open it, and look around."""
    calm_collector()
    opened: list[Recording] = []
    wall, cpu = timed(lambda: opened.append(Recording(path)))
    random = Random(2)
    with opened[0] as reel:
        span = reel.end_us - reel.begin_us
        times = [
            timed(lambda: reel.view_at(reel.begin_us + random.randrange(span)))
            for _ in range(SEEKS)
        ]
        reel.view(reel.count - 40)
        steps = sorted(timed(lambda n=n: reel.view(reel.count - 40 - n))[1] for n in range(300))
    walls = sorted(wall for wall, _ in times)
    cpus = sorted(cpu for _, cpu in times)
    return {
        "open_ms": round(wall),
        "open_cpu_ms": round(cpu),
        "seek_ms_p50": round(walls[SEEKS // 2], 1),
        "seek_ms_p95": round(walls[SEEKS * 95 // 100], 1),
        "seek_ms_max": round(walls[-1], 1),
        "seek_cpu_ms_p50": round(cpus[SEEKS // 2], 1),
        "seek_cpu_ms_p95": round(cpus[SEEKS * 95 // 100], 1),
        "seek_cpu_ms_max": round(cpus[-1], 1),
        "step_back_cpu_ms_p95": round(steps[285], 1),
    }


def torn(path: Path) -> dict[str, float]:
    """The same without its end: it has to be read through."""
    os.truncate(path, path.stat().st_size - 1_000)
    opened: list[Recording] = []
    wall, cpu = timed(lambda: opened.append(Recording(path)))
    opened[0].close()
    return {"open_torn_ms": round(wall), "open_torn_cpu_ms": round(cpu)}


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=int, default=60)
    parser.add_argument("--read", type=Path, help="only look around in this file")
    options = parser.parse_args()
    if options.read:
        print(json.dumps(read(options.read)))
        return
    with tempfile.TemporaryDirectory(prefix="masterless-bench-") as directory:
        path = Path(directory) / "hour.rec"
        figures = write(path, options.minutes)
        print(json.dumps(figures | shares(path, int(figures["facts"]))), flush=True)
        print(json.dumps(read(path)), flush=True)
        print(json.dumps(torn(path)))


if __name__ == "__main__":
    main()
