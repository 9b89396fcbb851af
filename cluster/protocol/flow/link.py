"""The two ends of what joins one stage to the next: who may send how much, and what became of it.

The receiving end asks (`Inlet`), the sending end never sends more (`Outlet`). Both count over
the time in which both nodes live, so that the sender can say exactly what was lost: at a new link, what it sent
and the receiver has not had; at the receiver's death, what it sent and the receiver is not known to
have passed on. The latter may count as lost what was passed on in its last moments; nothing that is
lost goes uncounted as long as the sender lives. When the sender dies, nobody knows what became of
what it was unsure of.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from cluster.bounds.flow import FlowConfig
from cluster.protocol.flow.messages import FlowAsk, FlowItem


class Inlet:
    """The receiving end of one link after another."""

    def __init__(self, config: FlowConfig) -> None:
        self._config = config
        self.link = 0
        """0: none was made yet."""
        self.epoch = 0
        """Of the life of the node before, whom the link was made to."""
        self.asked = 0
        self.got = 0
        """Items that came on this link."""
        self.had = 0
        """On all links to that life."""
        self.broken = False
        """The link is of no use any more: the next look makes a new one."""
        self._sent = 0
        """Items the sender says it has sent on this link."""
        self._stuck_at = -1
        self._floor = 0
        self._early: set[int] = set()

    def renew(self, link: int, epoch: int) -> None:
        """Begin a new link: nothing is asked for on it yet, and what is on its way is forgotten."""
        if epoch != self.epoch:
            self.had = 0
        self.link, self.epoch, self.broken = link, epoch, False
        self.asked = self.got = self._sent = self._floor = 0
        self._stuck_at = -1
        self._early.clear()

    @property
    def open_asks(self) -> int:
        """Items asked for that have not come."""
        return self.asked - self.got

    def take(self, link: int, batch: int, sent: int, count: int) -> bool:
        """A message of so many items came. Whether it is for this link, and came for the first time."""
        if link != self.link:
            return False
        self._sent = max(self._sent, sent)
        if not batch or batch <= self._floor or batch in self._early:
            return False
        if len(self._early) >= self._config.batches_early_max:
            self.broken = True
            return False
        self._early.add(batch)
        while self._floor + 1 in self._early:
            self._floor += 1
            self._early.discard(self._floor)
        self.got += count
        self.had += count
        return True

    def stuck(self) -> bool:
        """Whether items are missing, and none has come since this was asked before."""
        if self._sent <= self.got:
            self._stuck_at = -1
            return False
        if self._stuck_at == self.got:
            return True
        self._stuck_at = self.got
        return False


class Outlet:
    """The sending end: what was asked for, what was sent, what is lost."""

    def __init__(self) -> None:
        self.pending: deque[FlowItem] = deque()
        """Done here and not sent. Work begins only where something was asked for, so these are few:
        what a link carried off that ended while it was being done."""
        self.life = 0
        """Of the receiver's node; 0: it never asked."""
        self.link = 0
        self.asked = 0
        self.sent = 0
        """On this link."""
        self.batch = 0
        self.open = False
        """Whether its connection stands, as far as is known. An ask opens it again."""
        self.closed = False
        """The receiver was believed dead: only a new link opens it again."""
        self.marked_at = 0
        self.total = 0
        """Sent to the receiver's present life."""
        self._settled = 0
        self._had = 0
        self._lost_here = 0
        self._lost_before = 0

    @property
    def lost(self) -> int:
        """Items sent that no stage will do, as far as can be known here."""
        return self._lost_before + self._lost_here

    @property
    def room(self) -> int:
        """How many more items may be begun for it."""
        if not self.open or self.closed:
            return 0
        return max(0, self.asked - self.sent - len(self.pending))

    @property
    def unsure(self) -> int:
        """Items sent of which the receiver has not said that they came, nor are they lost."""
        return max(0, self.total - self._lost_here - self._had)

    def ask(self, ask: FlowAsk, life: int) -> bool:
        """The receiver asks. Whether that was said to the link that stands, or to a new one."""
        if (life, ask.link) < (self.life, self.link):
            return False
        if (life, ask.link) > (self.life, self.link):
            if life > self.life:
                self._lost_before += self.total - self._settled
                self.total = self._had = self._settled = self._lost_here = 0
            else:
                self._lost_here = self.total - min(ask.had, self.total)
            self.life, self.link = life, ask.link
            self.asked = self.sent = self.batch = 0
            self.closed = False
        if self.closed:
            return False
        self.open = True
        self.asked = max(self.asked, ask.asked)
        self._had = max(self._had, min(ask.had, self.total))
        self._settled = max(self._settled, min(ask.settled, self.total))
        return True

    def cut(self) -> None:
        """The connection ended: nothing is sent before the receiver is heard again."""
        self.open = False

    def close(self) -> None:
        """The receiver is dead: what it asked is forgotten, what it was sent and held is lost."""
        self.closed = True
        self._lost_here = self.total - self._settled

    def batches(self, items_max: int) -> Iterator[tuple[FlowItem, ...]]:
        """What may be sent now, in messages; it counts as sent."""
        while self.pending and self.open and not self.closed and self.sent < self.asked:
            count = min(len(self.pending), self.asked - self.sent, items_max)
            items = tuple(self.pending.popleft() for _ in range(count))
            self.sent += count
            self.total += count
            self.batch += 1
            yield items
