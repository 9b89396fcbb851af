"""Whole copies, page by page: how one is served, and how one is read from another node.

A `Reading` walks through all partitions of one holder, one page under way at a time, and asks
again when nothing comes. Ignores what the reader makes of a partition.
"""

from __future__ import annotations

from collections.abc import Callable

from cluster.config import ArchitectureConfig, Config
from cluster.model.member import NodeId
from cluster.model.ring import partition_of
from cluster.model.versions import Versions
from cluster.protocol.effects import Records
from cluster.protocol.messages import Survey, SurveyPage
from cluster.protocol.outbox import Outbox
from cluster.protocol.policy.reign.stamps import is_stamped
from cluster.protocol.swim.membership import Membership

Copy = dict[bytes, Versions]


def fits(config: Config, partition: int, key: bytes) -> bool:
    """Whether there can be such a key in such a partition."""
    if not 0 < len(key) <= config.data.key_bytes_max:
        return False
    return partition_of(key, config.ring.partitions) == partition


def page_of(config: Config, records: Records, ask: Survey, seq: int) -> SurveyPage | None:
    """The page that was asked for; None if there can be no such page."""
    if ask.partition >= config.ring.partitions:
        return None
    size = config.architecture.survey_bytes
    rows = records.scan(ask.partition, ask.after, size)
    last = not rows or not records.scan(ask.partition, rows[-1][0], 1)
    page = tuple((key, record.versions) for key, record in rows)
    return SurveyPage(ask.number, ask.partition, page, last, seq)


class Reading:
    """One node's whole copy, on its way here."""

    def __init__(
        self,
        out: Outbox,
        members: Membership,
        holder: NodeId,
        term: int,
        number: int,
        taken: Callable[[int, Copy, int], None],
    ) -> None:
        self._out = out
        self._config: ArchitectureConfig = out.config.architecture
        self._members = members
        self.holder = holder
        self.number = number
        self._term = term
        self._taken = taken
        """Called with each partition as it is whole: its number, its records, and the `seq` of
        its last page."""
        self.partition = 0
        self._after = b""
        self._copy: Copy = {}
        self._asked_at = 0

    @property
    def done(self) -> bool:
        """Whether all partitions were taken."""
        return self.partition >= self._out.config.ring.partitions

    def ask(self) -> None:
        """Ask for the next page."""
        self._asked_at = self._out.now
        if self.holder in self._members.claims:
            body = Survey(self.number, self._term, self.partition, self._after)
            self._out.send(self.holder, self._members.address(self.holder), "stream", body)

    def look(self) -> None:
        """Ask again if it took too long."""
        if not self.done and self._out.now - self._asked_at >= self._config.survey_timeout_us:
            self.ask()

    def page(self, page: SurveyPage) -> None:
        """A page came."""
        if page.number != self.number or page.partition != self.partition or self.done:
            return
        self._copy.update(
            (key, versions)
            for key, versions in page.records
            if fits(self._out.config, page.partition, key) and is_stamped(versions)
        )
        if not page.last and page.records:
            self._after = page.records[-1][0]
            self.ask()
            return
        copy, self._copy, self._after = self._copy, {}, b""
        self.partition += 1
        self._taken(page.partition, copy, page.seq)
        if not self.done:
            self.ask()
