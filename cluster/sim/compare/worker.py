"""A process that plays worlds of a comparison (`cluster.sim.workers`)."""

from __future__ import annotations

from cluster.sim.compare.play import Order, play
from cluster.sim.workers import serve

if __name__ == "__main__":
    raise SystemExit(serve(Order, play))
