"""What a key holds: siblings with dotted version vectors.

Follows DVV sets (Almeida, Baquero, Goncalves, Preguica, Fonte, "Scalable and Accurate Causality
Tracking for Eventually Consistent Stores", 2014; Riak's dvvset.erl): each sibling carries the dot
of the write that made it, the whole carries one context {actor: highest counter}.

A {actor: counter} context is sound only if whoever minted counter c held all events of that actor
below c. So an actor is *one holding of one key by one boot of one replica*: a replica that has no
record of the key, or that has been restarted since, mints under an actor id never used before.
That covers a lost disk, a record handed off and deleted, and a write sent out before a crash could
persist it. (Riak met the same bug as kv679 and answered with per-key actor epochs.)
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

Actor = Annotated[str, Meta(min_length=1, max_length=128)]
Counter = Annotated[int, Meta(ge=1, le=2**53)]

Context = Annotated[dict[Actor, Counter], Meta(max_length=4_096)]
"""{actor: highest counter seen}."""


class Sibling(Struct, frozen=True, array_like=True):
    """One value nobody has superseded. `value` None is a tombstone."""

    actor: Actor
    counter: Counter
    value: bytes | None
    content_type: Annotated[str, Meta(max_length=256)]
    written_at: Annotated[int, Meta(ge=0, le=2**62)]
    """Microseconds, the minting replica's clock. Shown to people, never compared."""


class Versions(Struct, frozen=True, array_like=True):
    """All a replica knows of one key."""

    context: Context
    siblings: tuple[Sibling, ...]


EMPTY = Versions({}, ())


def _covers(context: Context, sibling: Sibling) -> bool:
    return context.get(sibling.actor, 0) >= sibling.counter


def join_contexts(a: Context, b: Context) -> Context:
    """The least context that covers both."""
    joined = dict(a)
    for actor, counter in b.items():
        if joined.get(actor, 0) < counter:
            joined[actor] = counter
    return joined


def merge(a: Versions, b: Versions) -> Versions:
    """What both replicas know together: commutative, associative, idempotent.

    A sibling survives if the other side also holds it or has never seen its dot.
    """
    if a == b:
        return a
    dots_a = {(s.actor, s.counter) for s in a.siblings}
    dots_b = {(s.actor, s.counter) for s in b.siblings}
    kept = [s for s in a.siblings if (s.actor, s.counter) in dots_b or not _covers(b.context, s)]
    kept += [
        s for s in b.siblings if (s.actor, s.counter) not in dots_a and not _covers(a.context, s)
    ]
    kept.sort(key=lambda s: (s.actor, s.counter))
    return Versions(join_contexts(a.context, b.context), tuple(kept))


def includes(a: Versions, b: Versions) -> bool:
    """Whether `a` already knows everything that `b` knows."""
    return merge(a, b) == a


def put(
    held: Versions,
    context: Context,
    actor: str,
    value: bytes | None,
    content_type: str,
    written_at: int,
) -> Versions:
    """The replica's state after a client that had read `context` writes `value`.

    Siblings the client had seen are superseded; those it had not seen stay beside the new one.
    `context` may hold actors and counters this replica never met; they are kept.
    """
    counter = max(held.context.get(actor, 0), context.get(actor, 0)) + 1
    kept = [s for s in held.siblings if not _covers(context, s)]
    kept.append(Sibling(actor, counter, value, content_type, written_at))
    kept.sort(key=lambda s: (s.actor, s.counter))
    joined = join_contexts(held.context, context)
    joined[actor] = counter
    return Versions(joined, tuple(kept))


def size(versions: Versions) -> int:
    """Bytes of all values."""
    return sum(len(s.value) for s in versions.siblings if s.value is not None)


class Record(Struct, frozen=True, array_like=True):
    """What a replica stores under a key.

    `mine` is the actor under which this holding mints, empty until it first does. It is only
    valid during the boot that made it (its epoch is part of the actor id).
    """

    versions: Versions
    mine: str = ""


def minting_actor(
    held: Record | None, node: str, epoch: int, serial: int, distrusted: int = 0
) -> str:
    """The actor to mint under, reusing the record's own only within one holding and one boot.

    `serial` must be fresh within this boot whenever it is used. Actors with a serial up to
    `distrusted` mint no more: a disk refused a write since, so the record may have been put back
    to before a dot that others already hold.
    """
    prefix = f"{node}.{epoch:x}."
    mine = held.mine if held is not None else ""
    if mine.startswith(prefix) and int(mine[len(prefix) :], 16) > distrusted:
        return mine
    return f"{prefix}{serial:x}"


def replica_of(actor: str) -> str:
    """The node that minted under this actor."""
    return actor.rsplit(".", 2)[0]
