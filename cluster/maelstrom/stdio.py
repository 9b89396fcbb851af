"""The process: lines from standard input, lines to standard output, time from the computer's clock.

One thread, one `select`. Standard output carries messages only; everything else that is to be
said goes to standard error, which Maelstrom keeps in a file for each node.
"""

from __future__ import annotations

import os
import select
import sys
import time
from random import Random
from typing import Final

from cluster.maelstrom.adapter import Adapter, Workload
from cluster.maelstrom.lines import LINE_BYTES_MAX

CHUNK_BYTES: Final = 1_048_576
_ANCHOR_NS: Final = time.time_ns() - time.monotonic_ns()


def now() -> int:
    """Microseconds since 1970 that never go backwards in this process."""
    return (_ANCHOR_NS + time.monotonic_ns()) // 1_000


def complain(text: str) -> None:
    """Say something to people."""
    print(text, file=sys.stderr, flush=True)  # noqa: T201


def serve(workload: Workload, *, flush_ms: int, follow_topology: bool) -> int:
    """Be a node until standard input ends. Returns the exit code."""
    adapter = Adapter(
        workload,
        Random(os.urandom(16)),
        pid=os.getpid(),
        flush_ms=flush_ms,
        follow_topology=follow_topology,
        complain=complain,
    )
    source, held = sys.stdin.fileno(), bytearray()
    while not adapter.halted:
        due = adapter.due()
        wait = None if due is None else max(0, due - now()) / 1e6
        ready, _, _ = select.select([source], [], [], wait)
        written: list[bytes] = []
        if ready:
            chunk = os.read(source, CHUNK_BYTES)
            if not chunk:
                return 0
            held += chunk
            *whole, rest = held.split(b"\n")
            held = bytearray(rest)
            if len(held) > LINE_BYTES_MAX:
                complain(f"a line of more than {LINE_BYTES_MAX} bytes: this is not Maelstrom")
                return 1
            for line in whole:
                if line.strip():
                    written += adapter.take(bytes(line), now())
        written += adapter.tick(now())
        if written:
            _write(b"".join(written))
    complain(f"the node ended: {adapter.halted}")
    return 1


def _write(data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(sys.stdout.fileno(), view) :]
