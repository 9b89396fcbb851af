"""What the copies of a key mean together: who is newest, who is behind, who is apart; in words.

Versions are compared by their causal contexts (dots), never by their clocks. A short name stands
for a dot: n1:3 is the third write that n1 minted under one actor.
"""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as Base64Error

from cluster.model.member import NodeId
from cluster.model.ring import key_hash, partition_of
from cluster.model.summary import RingTable
from cluster.model.values.copies import CopyShown, SiblingShown
from cluster.model.versions import Context, join_contexts, replica_of
from tui.judge.verdict import Verdict
from tui.judge.wording import Tone, counted, joined, listed
from tui.seen.inspection import Copy, Inspection, Relation


def knows(held: CopyShown) -> tuple[Context, frozenset[tuple[str, int]]]:
    """A copy's whole knowledge: its context, and which values it still has."""
    return held.context, frozenset((s.actor, s.counter) for s in held.siblings)


def all_known(copies: tuple[Copy, ...]) -> Context:
    """Everything that any copy knows of."""
    known: Context = {}
    for copy in copies:
        if copy.held is not None:
            known = join_contexts(known, copy.held.context)
    return known


def relation(copy: Copy, copies: tuple[Copy, ...]) -> Relation:
    """How one copy stands to all the others."""
    if copy.held is None:
        return "unknown"
    context = copy.held.context
    if not context:
        return "nothing"
    others = all_known(tuple(c for c in copies if c is not copy))
    covers = all(context.get(actor, 0) >= count for actor, count in others.items())
    if covers:
        return "newest"
    more = any(others.get(actor, 0) < count for actor, count in context.items())
    return "apart" if more else "behind"


def vector(context: Context) -> str:
    """A context in short: "n1:3 n7:5"; counts of one node's actors together are their highest."""
    found: dict[str, list[int]] = {}
    for actor, count in sorted(context.items()):
        found.setdefault(replica_of(actor), []).append(count)
    return " ".join(
        f"{node}:{'+'.join(map(str, counts))}" for node, counts in sorted(found.items())
    )


def worth(sibling: SiblingShown) -> str:
    """A value in a few words."""
    match sibling.kind:
        case "deleted":
            return "deleted"
        case "room" if sibling.room is not None:
            room = sibling.room
            state = (
                "given up" if room.failed else "no state" if room.bytes < 0 else f"{room.bytes} B"
            )
            return f"{room.behaviour}, token {room.token} of {room.node or 'nobody'}, {state}"
        case "value" | "room":
            try:
                text = b64decode(sibling.value).decode()
            except (Base64Error, ValueError):
                return f"{sibling.size} bytes"
            if not text.isprintable():
                return f"{sibling.size} bytes"
            return f'"{text}"' + ("…" if sibling.size > len(text.encode()) else "")
        case _:
            return f"{sibling.kind} {sibling.value}"


def home_of(key: str, ring: RingTable | None) -> tuple[int, int, tuple[NodeId, ...]]:
    """(hash, partition, owners best first) of a key by a ring."""
    raw = key.encode()
    if ring is None:
        return key_hash(raw), -1, ()
    partition = partition_of(raw, ring.partitions)
    return key_hash(raw), partition, tuple(ring.members[i] for i in ring.owners[partition])


def sentence(seen: Inspection, owners: tuple[NodeId, ...]) -> Verdict:
    """What a person should know first."""
    if not seen.key or seen.typing is not None:
        return Verdict("Which key? Type its name and press enter.", "plain")
    if seen.why_not:
        return Verdict(seen.why_not, "warn")
    mine = [copy for copy in seen.copies if copy.node in owners]
    if not any(copy.at for copy in seen.copies):
        return Verdict(f"Asking every node for its copy of {seen.key}…", "plain")
    stands = {copy.node: relation(copy, seen.copies) for copy in seen.copies}
    newest = [copy.node for copy in mine if stands[copy.node] == "newest"]
    apart = [copy.node for copy in mine if stands[copy.node] == "apart"]
    silent = [copy.node for copy in mine if stands[copy.node] == "unknown"]
    behind = [copy.node for copy in mine if stands[copy.node] in ("behind", "nothing")]
    if not any(copy.held is not None and copy.held.context for copy in seen.copies):
        return Verdict(f"Nobody who answers holds {seen.key}: it was never written.", "plain")
    tone: Tone = "good"
    forks = max((len(copy.held.siblings) for copy in seen.copies if copy.held), default=0)
    count = "All" if len(newest) == len(owners) else f"{len(newest)} of {len(owners)}"
    parts = [f"{count} owners hold the newest version."]
    if forks > 1:
        tone = "warn"
        parts.append(f"It is forked: {counted(forks, 'value')} that do not know of each other.")
    for who, verb in ((behind, "missed it"), (apart, "knows what others do not"),
                      (silent, "did not answer")):  # fmt: skip
        if who:
            tone = "warn"
            parts.append(f"{joined(who)} {verb}.")
    keepers = [copy.node for copy in seen.copies
               if copy.node not in owners and copy.held is not None and copy.held.siblings]  # fmt: skip
    if keepers:
        parts.append(
            f"{listed(keepers)} {'keeps' if len(keepers) == 1 else 'keep'} a copy for them."
        )
    return Verdict(" ".join(parts), tone, f"{parts[0]} {parts[1]}" if len(parts) > 1 else parts[0])


def why_nobody(live: bool, following: bool, simulated: bool) -> str:
    """Why no node can be asked now; empty when they can."""
    if simulated:
        return "A simulated cluster has no windows: only where a key belongs can be said."
    if not following:
        return "This is the past, and copies can only be asked for now: L goes back to live."
    return "" if live else "Nobody answers here: only where a key belongs can be said."
