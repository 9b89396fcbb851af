"""The measures that claims and cues are written with: a name, its arguments, one number.

Each reads the evidence and nothing else. What cannot be known now is UNKNOWN: nobody reported, no
audit came to an end, nothing happened yet that could be measured. Measures are named as the field
names things; `says` is what help prints. Add one here, and a test that shows it both ways.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from msgspec import Struct

from talk.claims.evidence import Evidence, Measured
from talk.claims.reading import data, membership, processes

Read = Callable[[Evidence, tuple[str, ...]], Measured]


class Measure(Struct, frozen=True):
    """One measure."""

    name: str
    args: tuple[str, ...]
    """Names of its arguments."""
    unit: str
    """What one of it is, as written behind a number; empty: a plain count."""
    says: str
    read: Read


def _all(*measures: Measure) -> dict[str, Measure]:
    return {measure.name: measure for measure in measures}


NODE: Final = ("NODE",)
MEASURES: Final = _all(
    # who is alive
    Measure("views", (), "", "different views of the members among nodes that report", membership.views),
    Measure("rings", (), "", "different rings among nodes that report", membership.rings),
    Measure("members", (), "", "nodes that the others hold alive", membership.members),
    Measure("suspecting", NODE, "", "nodes that suspect it now, or hold it dead", membership.suspecting),
    Measure("believing-dead", NODE, "", "nodes that hold it dead now", membership.believing_dead),
    Measure("believing-alive", NODE, "", "nodes that hold it alive now", membership.believing_alive),
    Measure("suspicions", (), "", "suspicions raised", membership.suspicions),
    Measure("deaths", (), "", "times that a node declared another dead", membership.deaths),
    Measure("deaths-of", NODE, "", "nodes that declared it dead", membership.deaths_of),
    Measure("refutations", (), "", "accusations that the accused answered", membership.refutations),
    Measure("incarnations", NODE, "", "how much it raised its incarnation", membership.incarnations),
    Measure("noticed-s", NODE, "s", "from the fault to the first suspicion", membership.noticed),
    Measure("declared-s", NODE, "s", "from the fault to the first that declared it dead", membership.declared),
    Measure("spread-s", NODE, "s", "from the first that declared it dead to the last", membership.spread),
    Measure("back-s", NODE, "s", "from its return until every node holds it alive", membership.back),
    Measure("ring-changes", (), "", "times that a node took another ring", membership.ring_changes),
    Measure("messages-per-node", (), "/s", "messages that one node sends a second", membership.messages),
    Measure("lag", (), "ms", "the worst lateness of any node's loop", membership.lag),
    # data
    Measure("answers", (), "", "answers acknowledged", data.answers),
    Measure("answers-failed", (), "", "answers refused", data.answers_failed),
    Measure("availability", (), "%", "operations answered, of all that ended", data.availability),
    Measure("lost", (), "", "acknowledged answers that the audit could not read back", data.lost),
    Measure("hints", (), "", "writes kept for somebody absent", data.hints),
    Measure("hints-for", NODE, "", "writes kept for it", data.hints_for),
    Measure("hints-stored", (), "", "writes that a fallback took (of traced ones)", data.hints_stored),
    Measure("hints-delivered", (), "", "of them, brought home", data.hints_delivered),
    Measure("unserved", (), "", "partitions that no owner serves", data.unserved),
    Measure("short", (), "", "partitions with fewer than all copies serving", data.short),
    Measure("filling", (), "", "partitions being filled", data.filling),
    Measure("unequal-trees", (), "", "pairs of owners whose hash trees are not known to be equal", data.unequal),
    Measure("keys-repaired", (), "", "keys that a comparison of trees brought back", data.repaired),
    Measure("share", NODE, "%", "of all places on the ring, held by it", data.share),
    Measure("largest-share", (), "x", "the most that one node holds, over the mean", data.largest),
    # of masters and of rooms
    Measure("running", (), "", "processes that run", processes.running),
    Measure("masters", (), "", "nodes that act as master now", processes.masters),
    Measure("two-masters", (), "s", "time with more than one master", processes.two_masters),
    Measure("terms-refused", (), "", "writes of an old term, refused", processes.terms_refused),
    Measure("discarded", (), "", "acknowledged writes thrown away to copy another master", processes.discarded),
    Measure("queue", (), "", "requests waiting for the one process that takes them", processes.queue),
    Measure("rooms", (), "", "rooms that are known", processes.rooms),
    Measure("rooms-served", (), "", "rooms that exactly one node serves", processes.rooms_served),
    Measure("rooms-unserved", (), "", "rooms that nobody serves", processes.rooms_unserved),
    Measure("rooms-twice", (), "", "rooms that two nodes serve", processes.rooms_twice),
    Measure("rooms-on", NODE, "", "rooms that it runs", processes.rooms_on),
    Measure("crashes", (), "", "room processes that crashed", processes.crashes),
    Measure("restarts", (), "", "rooms started again after a crash or a death", processes.restarts),
    Measure("restart", (), "ms", "the longest of these restarts", processes.restart),
    Measure("answers-in", ("ROOM",), "", "answers that it had when it was last counted", processes.answers_in),
    Measure("escalations", (), "", "times that a supervisor gave its children up", processes.escalations),
    Measure("handed-over", (), "", "rooms that moved alive, with their state", processes.handed_over),
    Measure("handover", (), "ms", "the longest time that nobody served one of them", processes.handover),
    Measure("merged", (), "", "twins that were merged", processes.merged),
)  # fmt: skip


def measure(name: str, evidence: Evidence, args: tuple[str, ...]) -> Measured:
    """What a measure says now. Raises KeyError for a name that is none."""
    return MEASURES[name].read(evidence, args)
