"""One partition on its way to a new owner: from whom, how far, how fast, and why not.

Keeps the books of a transfer; decides nothing (`protocol.transfer.transfers` does). Each source
has its own progress, because each must give all that it has: when one fails, another begins at its
own beginning, and the first goes on after its last durable key.
"""

from __future__ import annotations

from msgspec import Struct, field

from cluster.config import SECOND
from cluster.model.member import NOBODY, NodeId
from cluster.model.summary import TransferRow, TransferState


class Progress(Struct, array_like=True):
    """How far one source has been merged. Stored with the pages, so that it outlives a restart."""

    after: bytes = b""
    """The last key that is merged and on disk."""
    keys: int = 0
    size: int = 0
    total: int = 0
    """Keys the source said it holds."""
    incomplete: bool = False
    """It lacked something itself when it gave one of its pages."""


class Kept(Struct, frozen=True, array_like=True):
    """What is stored of a filling: enough to go on after a restart under the same ring.

    Sound because the pages are merged and on disk, and because what a source took since then under
    that ring is ordinary traffic among its owners, of whom this node is one (down or not).
    """

    digest: str
    merged: tuple[NodeId, ...]
    progress: dict[NodeId, Progress]


class Filling(Struct):
    """A partition being filled."""

    partition: int
    merged: set[NodeId] = field(default_factory=set[NodeId])
    """Holders that lacked nothing and whose pages are all on disk here."""
    asked: set[NodeId] = field(default_factory=set[NodeId])
    """Members that gave all they had, complete or not, since it last began to wait."""
    given: set[NodeId] = field(default_factory=set[NodeId])
    """Members that ever did so while they lacked something: asked again only for the whole."""
    silent: set[NodeId] = field(default_factory=set[NodeId])
    """Sources that left a page unanswered: others are tried first."""
    progress: dict[NodeId, Progress] = field(default_factory=dict[NodeId, Progress])
    """Of sources that have given a part."""
    cancelled: bool = False
    """By the operator."""
    must: set[NodeId] = field(default_factory=set[NodeId])
    """Members that drain, of whom this node takes what they hold, whoever else has given."""
    extra: bool = False
    """It is readable already: it is here only for those."""
    source: NodeId = NOBODY
    number: int = 0
    """Of the page in flight, or being brought to disk; 0 when none is."""
    asked_at: int = 0
    started: int = 0
    """When the present source began to give."""
    started_size: int = 0
    """Bytes it had given before: in an earlier try, or an earlier life."""
    told: int = 0
    """When progress was last told."""
    keys: int = 0
    """From all sources so far."""
    size: int = 0
    waiting_on: str = ""
    waited: int = 0
    """How often in a row it found itself waiting for that."""
    retry_at: int = 0
    """Not asked again before."""

    @property
    def present(self) -> Progress:
        """Of the present source."""
        return self.progress.setdefault(self.source, Progress())

    @property
    def state(self) -> TransferState:
        """In one word."""
        if self.cancelled:
            return "cancelled"
        if self.source:
            return "running"
        return "waiting" if self.waiting_on else "queued"

    def rate(self, now: int) -> int:
        """Bytes a second that the present source has given."""
        took = now - self.started
        if not self.source or took <= 0:
            return 0
        return (self.present.size - self.started_size) * SECOND // took

    def eta_us(self, now: int) -> int | None:
        """How long the present source will still take; None when nobody can know yet."""
        if not self.source:
            return None
        progress, rate = self.present, self.rate(now)
        if not rate or not progress.keys:
            return None
        left = max(0, progress.total - progress.keys)
        return left * (progress.size // progress.keys) * SECOND // rate

    def row(self, now: int, needed: int) -> TransferRow:
        """As it is told."""
        return TransferRow(
            partition=self.partition,
            state=self.state,
            source=self.source,
            merged=tuple(sorted(self.merged)),
            needed=needed,
            keys=self.keys,
            size=self.size,
            rate=self.rate(now),
            eta_us=self.eta_us(now),
            waiting_on=self.waiting_on,
        )


class Throttle(Struct):
    """A budget of bytes that grows with time; what was spent beyond it must be waited for."""

    bytes_per_s: int
    """0: no limit."""
    level: int = 0
    at: int = 0

    def wait_us(self, now: int) -> int:
        """How long until more may be asked for."""
        if not self.bytes_per_s:
            return 0
        gained = (now - self.at) * self.bytes_per_s // SECOND
        if gained:
            # Unused budget does not pile up: after a quiet hour the link is no less busy.
            self.level = min(0, self.level + gained)
            self.at = now
        return 0 if self.level >= 0 else -self.level * SECOND // self.bytes_per_s + 1

    def spend(self, size: int) -> None:
        """This many bytes arrived."""
        if self.bytes_per_s:
            self.level -= size
