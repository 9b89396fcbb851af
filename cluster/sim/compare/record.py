"""What a comparison leaves behind: for each architecture what the judge found, and what was done to
all of them when.

Times are microseconds since the clients began (their first moment is 1, for 0 means "never" to the
judge). All rows of a comparison share one time axis: the same faults at the same moments, the same
clients with the same wishes. Everything in a row is counted; the sentences are in `verdicts`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal, get_args

from msgspec import Struct

from cluster.config import MS, ArchitectureName
from cluster.model.judging.deeds import Reign
from cluster.model.judging.measures import Measures
from cluster.model.judging.moves import Moved
from cluster.model.judging.running import Bucket
from cluster.model.member import NodeId

ScheduleName = Literal[
    "kill-one", "kill-master", "pause-master", "split-2-3", "grow-5-to-6", "churn"
]
SCHEDULES: Final[tuple[ScheduleName, ...]] = get_args(ScheduleName)
ARCHITECTURES: Final[tuple[ArchitectureName, ...]] = get_args(ArchitectureName)
"""In the order in which they came about, which is the order of rows."""
BUCKET_US: Final = 250 * MS
"""The width of one span of `Row.strip`."""
Answer = Literal["yes", "no", "undecided"]
Progress = Callable[[int, int, str], None]
"""(worlds that are over, of how many, what ended or is under way)."""


class Mark(Struct, frozen=True):
    """Something that was done to every architecture at the same moment."""

    at_us: int
    text: str
    """As on a slide: "n1 dies", "n1 is back", "n1 n2 | n3 n4 n5", "one network again"."""
    harm: bool
    """A fault or a change begins; False: it ends."""


class Single(Struct, frozen=True):
    """Whether the few keys that many clients use behaved like one register each: is there one order
    of everything that explains what every client saw?"""

    answer: Answer = "undecided"
    keys: int = 0
    """So many were judged,"""
    operations: int = 0
    """with so many operations in all."""
    anomaly: str = ""
    """The name of the first thing no register could have done; empty unless the answer is "no"."""
    sentence: str = ""
    """What happened then."""


class Asked(Struct, frozen=True):
    """What one node was asked while the fault was in force, and what it acknowledged."""

    node: NodeId
    tried: int
    ok: int
    written: int
    """Acknowledged writes."""


class Discard(Struct, frozen=True):
    """A node threw away writes it had acknowledged as master, to copy another one."""

    at_us: int
    node: NodeId
    count: int
    master: NodeId


class Row(Struct, frozen=True):
    """One architecture under the schedule."""

    architecture: ArchitectureName
    master: NodeId
    """Who was master when the clients began, and was hurt in n1's place if that was another; empty
    where there is none."""
    measures: Measures
    """Availability (in all, and in spans of `BUCKET_US`), the longest outage, acknowledged writes
    lost, stale reads, dual-master time."""
    during: Bucket
    """What began while the fault was in force."""
    asked: tuple[Asked, ...]
    """The same, by node; nodes in order of name."""
    moved: Moved
    """Places (of a partition at an owner) moved in all: one table after another, as a node saw them
    that was neither stopped nor cut off. What comes back to where it was has moved twice."""
    reigns: tuple[Reign, ...]
    """Who acted as master when; empty for `masterless`."""
    discards: tuple[Discard, ...]
    """What masters gave up, in their own words; the clients' losses are in `measures`."""
    commit_terms: int
    """Terms (or reigns, where there are no terms) in which writes were acknowledged."""
    split_terms: tuple[int, ...]
    """Of these, those in which more than one node acknowledged writes as master."""
    single: Single
    settled_us: int | None
    """So long after the clients stopped there was one view, one master, and all copies were equal;
    None: not within the bound."""
    verdict: str
    """One sentence with numbers."""
    messages: int
    """That nodes sent each other while the clients asked (real ones: as far as they told)."""

    @property
    def strip(self) -> tuple[Bucket, ...]:
        """Availability over time, from the clients' first moment to their last."""
        return self.measures.buckets

    @property
    def moved_share(self) -> float:
        """Of all places, those that moved. More than 1 if all moved more than once."""
        return self.moved.places_share


class Comparison(Struct, frozen=True):
    """One schedule, one seed, and what each architecture made of them."""

    schedule: ScheduleName
    about: str
    """What is done, in a sentence."""
    seed: int
    lasting_us: int
    """How long the clients asked."""
    rate_per_s: float
    """Operations per second that the clients tried on average (all architectures the same)."""
    marks: tuple[Mark, ...]
    hurt_us: tuple[int, int]
    """From when to when the fault was in force: what `Row.during` counts."""
    rows: tuple[Row, ...]
    bucket_us: int = BUCKET_US
    real: bool = False
    """Played by real processes instead of a simulated world."""
