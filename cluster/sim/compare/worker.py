"""A process that plays worlds of a comparison: one JSON order a line on its input, one JSON row a
line back. Ends when its input ends, so that none outlives who started it."""

from __future__ import annotations

import os
import signal
import sys

import msgspec

from cluster.sim.compare.play import Order, play
from cluster.sim.pace import collect_rarely


def main() -> int:
    """Answer orders until there are no more. Ctrl-C is for whoever gives them."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    collect_rarely()
    read = msgspec.json.Decoder(Order).decode
    write = msgspec.json.Encoder().encode
    try:
        for line in sys.stdin.buffer:
            sys.stdout.buffer.write(write(play(read(line))) + b"\n")
            sys.stdout.buffer.flush()
    except BrokenPipeError:
        # Whoever gave the orders has gone, and with it the reader of the exit's own flush.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
