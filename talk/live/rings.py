"""Where a thousand peers stand: the source in the middle, one ring for each hop from it.

Each peer has a share of its parent's angle, as wide as the tree that hangs from it, so that links of
the tree never cross. Rings are as far apart as their crowds need, so that the circle is evenly full.
Whoever has no place in the tree stands on the rim. Pure, and kept: one tree is laid out once.
"""

from __future__ import annotations

from functools import lru_cache
from math import cos, pi, sin, sqrt

from cluster.sim.overlay.wave import NEVER, depths

Place = tuple[float, float]
"""Within the unit circle: x to the right, y down."""
RIM = 0.9
"""How far out the tree goes where some stand on the rim."""


@lru_cache(maxsize=8)
def places(tree: tuple[int, ...], source: int) -> tuple[Place, ...]:
    """Of each peer. `tree`: parents."""
    depth = depths(tree, source)
    outside = [peer for peer, hops in enumerate(depth) if hops == NEVER]
    children: list[list[int]] = [[] for _ in tree]
    for peer, hops in enumerate(depth):
        if hops > 0:
            children[tree[peer]].append(peer)
    weight = _weights(depth, children)
    radii = _radii(depth, RIM if outside else 1.0)
    found: list[Place] = [(0.0, 0.0)] * len(tree)
    # Each peer's share of the circle: where it begins, and how wide it is.
    shares = {source: (0.0, 2 * pi)}
    queue = [source]
    for peer in queue:
        start, width = shares[peer]
        angle = start + width / 2 - pi / 2
        radius = radii[depth[peer]]
        found[peer] = (radius * cos(angle), radius * sin(angle))
        whole = sum(weight[child] for child in children[peer])
        for child in children[peer]:
            part = width * weight[child] / whole
            shares[child] = (start, part)
            start += part
            queue.append(child)
    for number, peer in enumerate(outside):
        angle = 2 * pi * number / len(outside) - pi / 2
        found[peer] = (cos(angle), sin(angle))
    return tuple(found)


def _radii(depth: tuple[int, ...], reach: float) -> list[float]:
    """Of each ring: an even mix of equal steps and of equal room for every peer."""
    farthest = max(1, *depth)
    inside = sum(hops > 0 for hops in depth)
    found = [0.0]
    passed = 0
    for hops in range(1, farthest + 1):
        passed += depth.count(hops)
        room = sqrt(passed / max(1, inside))
        found.append(reach * (room + hops / farthest) / 2)
    return found


def _weights(depth: tuple[int, ...], children: list[list[int]]) -> list[float]:
    """How much room each needs: that of those below it; outer rings are longer than inner ones."""
    weight = [0.0] * len(depth)
    for peer in sorted(range(len(depth)), key=lambda peer: -depth[peer]):
        if depth[peer] > 0:
            own = 1.0 / depth[peer]
            weight[peer] = max(own, sum(weight[child] for child in children[peer]))
    return weight
