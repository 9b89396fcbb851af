"""Maelstrom's arrangements of nodes: who is whose neighbour."""

from __future__ import annotations

from math import ceil, sqrt

KINDS = ("grid", "line", "total", "tree2", "tree3", "tree4")


def topology(kind: str, names: list[str]) -> dict[str, list[str]]:
    """The neighbours of each node."""
    count = len(names)
    edges: set[tuple[int, int]] = set()
    match kind:
        case "grid":
            side = ceil(sqrt(count))
            edges |= {(i, i + 1) for i in range(count - 1) if (i + 1) % side}
            edges |= {(i, i + side) for i in range(count - side)}
        case "line":
            edges |= {(i, i + 1) for i in range(count - 1)}
        case "total":
            edges |= {(i, j) for i in range(count) for j in range(i + 1, count)}
        case _:
            branches = int(kind.removeprefix("tree"))
            edges |= {((i - 1) // branches, i) for i in range(1, count)}
    near: dict[str, list[str]] = {name: [] for name in names}
    for a, b in sorted(edges):
        near[names[a]].append(names[b])
        near[names[b]].append(names[a])
    return near
