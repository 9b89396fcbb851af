"""The ring, unrolled: one column a partition, one row a replica, each owner by its sign.

A node's sign is its place in the table, 1 to 9, then a to z. A place whose owner does not serve
is ✕, one that its owner still fills is ◌: what is missing must be seen before who is there. In a split
✕ is an owner that is not on the side where most of its partition's owners are.
"""

from __future__ import annotations

from typing import Final

from cluster.model.member import NodeId
from cluster.model.summary import RingTable
from tui.draw.frame import Frame, Ink, ink_index
from tui.draw.glyphs import SETS
from tui.judge.agreement import Agreement, agreement
from tui.judge.exposure import apart, common_ring, places, served, serves, side_with_most
from tui.judge.wording import counted, listed
from tui.scene import Scene, hue

SIGNS: Final = "123456789abcdefghijklmnopqrstuvwxyz"
NTH: Final = {2: "nd", 3: "rd"}
RANKS: Final = ("first", "second", "third", "fourth", "fifth")


def strip_rows(scene: Scene) -> int:
    """How many rows the strip needs: a heading and one a replica; 0 without a ring."""
    ring = common_ring(scene.view.nodes, scene.now)
    return 1 + ring.replicas if ring is not None else 0


def paint_strip(frame: Frame, scene: Scene, y: int) -> int:
    """Draw it from row y; return the row after it."""
    ring = common_ring(scene.view.nodes, scene.now)
    if ring is None:
        return y
    judged = agreement(scene.view, scene.now)
    wide = frame.width >= 100
    x = 9 if wide else 6
    room = frame.width - x - 2
    step = -(-ring.partitions // room)
    cell = 2 if room >= 2 * ring.partitions + 44 else 1
    shown = range(0, ring.partitions, step)
    each = f" of {ring.slots // ring.partitions} slots" if ring.slots else ""
    heading = f"ring, unrolled: who owns each of {ring.partitions} partitions{each}, " + counted(
        ring.replicas, "copy", "copies"
    )
    if step > 1:
        heading += f" (every {step}{NTH.get(step, 'th')} shown)"
    frame.text(2, y, heading if wide else heading.replace("who owns each of ", ""), "muted")
    looks = [_look(scene, name, judged) for name in ring.members]
    sides = apart(ring, scene.view.nodes, judged) if judged.sides and not ring.led else ()
    away = (SETS[scene.glyphs].dead, ink_index(Ink("dead", "", True)))
    for rank in range(ring.replicas):
        label = RANKS[rank] if rank < len(RANKS) else f"{rank + 1}th"
        frame.text(2, y + 1 + rank, label[:6] if wide else f"{rank + 1}", "muted")
        for column, partition in enumerate(shown):
            owners = ring.owners[partition]
            best = side_with_most(owners, sides) if sides else None
            if rank < len(owners):
                usual, filling, joining = looks[owners[rank]]
                char, ink = joining if partition in filling else usual
                if best is not None and owners[rank] not in best:
                    char, ink = away
                frame.put(x + column * cell, y + 1 + rank, char, ink)
    notes = x + len(shown) * cell + 4
    if wide and frame.width - notes >= 30:
        for row, note in enumerate(_notes(scene, ring, judged)[: ring.replicas]):
            frame.text(notes, y + 1 + row, note[: frame.width - 1 - notes], "muted")
    return y + 1 + ring.replicas


Shape = tuple[str, int]
"""A character and its ink."""


def _look(scene: Scene, name: NodeId, judged: Agreement) -> tuple[Shape, frozenset[int], Shape]:
    """How a node's places look; which it still fills, and how those look."""
    node = scene.view.nodes.get(name)
    glyphs = SETS[scene.glyphs]
    joining = (glyphs.joining, ink_index(Ink("joining", "", True)))
    split = bool(judged.sides) and name in judged.observers  # on its own side it may well serve
    if node is None or not (split or serves(node, judged)):
        return (glyphs.dead, ink_index(Ink("dead", "", True))), frozenset(), joining
    ink = ink_index(Ink(f"owner{hue(scene.view, name)}", "", name == scene.selected))
    return (sign(scene, name), ink), frozenset(node.filling_partitions), joining


def sign(scene: Scene, name: NodeId) -> str:
    """One character for a node."""
    names = list(scene.view.nodes)
    index = names.index(name) if name in scene.view.nodes else -1
    return SIGNS[index % len(SIGNS)] if index >= 0 else "?"


def _notes(scene: Scene, ring: RingTable, judged: Agreement) -> list[str]:
    """Three sentences beside the strip."""
    view, now = scene.view, scene.now
    held = places(ring)
    total = sum(held.values())
    missing = [n for n in held if n not in view.nodes or not serves(view.nodes[n], judged)]
    counts = served(view.nodes, judged, now)
    least = next((k for k, count in enumerate(counts) if count), 0)
    notes: list[str] = []
    glyphs = SETS[scene.glyphs]
    if judged.sides and not ring.led:
        return _split_notes(judged, counts, glyphs.dead)
    if missing:
        places_held = sum(held[n] for n in missing)
        verb = "sits" if places_held == 1 else "sit"
        notes.append(f"{places_held} of {total} copies {verb} on {listed(missing)} ({glyphs.dead})")
        keepers = [
            n for n in judged.observers
            if any(d.target in missing and d.count for d in view.nodes[n].hints)
        ]  # fmt: skip
        if keepers:
            notes.append(f"their writes leave hints at {listed(keepers)}")
    else:
        low, high = min(held.values()), max(held.values())
        spread = f"{low} to {high}" if low != high else f"{low}"
        notes.append(f"{len(held)} nodes hold {spread} of {total} copies each")
    filling = sum(n.filling for n in view.nodes.values() if n.name in judged.observers)
    if filling:
        notes.append(f"{filling} of them are still being filled ({glyphs.joining})")
    elif not missing:
        tables = [view.nodes[n].ring for n in judged.observers]
        rings = {table.digest for table in tables if table is not None}
        same = "all use the same table" if len(rings) == 1 else f"{len(rings)} tables in use"
        notes.append(same)
    n = len(counts) - 1
    if least == n:
        has = f"{n} of {n} owners" if n > 1 else "its one owner"
        notes.append(f"every partition has {has}")
    elif least == n - 1:
        notes.append("no partition has lost more than one owner" if n > 1 else "")
    else:
        notes.append(f"{counts[least]} partitions have {least} of {n} owners left")
    return notes


def _split_notes(judged: Agreement, counts: tuple[int, ...], dead: str) -> list[str]:
    """The same of a split cluster, where no owner is missing from its own side."""
    n, least = len(counts) - 1, next((k for k, count in enumerate(counts) if count), 0)
    named = " | ".join(listed(list(side), 4) for side in judged.sides)
    some = f"{counts[least]} partitions have {least} of {n} owners together"
    return [
        f"split: {named}",
        f"{dead}: not on the side with most of its owners",
        some if least < n else f"every partition has its {n} owners on one side",
    ]
