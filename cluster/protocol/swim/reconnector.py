"""Who is gone and is tried again, for ever: no member and no seed is given up on.

Each dead or removed member, and each seed that nobody was met at, is tried after
`reconnect_period_us`, then after twice that, and so on up to `reconnect_max_us`. The waits are
shortened by chance, so that two sides of a healed split do not all dial in the same instant. Any
sign of life begins the series anew. At most `reconnect_tries` are made in a period, those that
have waited longest first. `MembershipConfig.heal_bound_us` says what follows from this.

Ignores what a try is: it calls `push`, which sends a whole view.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from msgspec import Struct

from cluster.config import MembershipConfig
from cluster.model.member import NOBODY, Address, NodeId
from cluster.protocol.outbox import Outbox
from cluster.protocol.swim.roster import Roster


class _Wait(Struct):
    """How one address is being tried."""

    due: int
    tries: int = 0


class Reconnector:
    """The tries of one node."""

    def __init__(
        self,
        out: Outbox,
        config: MembershipConfig,
        roster: Roster,
        rng: Random,
        push: Callable[[NodeId, Address], None],
    ) -> None:
        self._out = out
        self._config = config
        self._roster = roster
        self._rng = rng
        self._push = push
        self._waits: dict[Address, _Wait] = {}

    def tick(self, unmet: list[Address]) -> None:
        """A period began: try those that are due, `unmet` seeds among them."""
        now = self._out.now
        gone = {self._roster.claims[name].gossip: name for name in self._roster.gone()}
        for seed in unmet:
            gone.setdefault(seed, NOBODY)
        old = self._waits
        self._waits = {address: old.get(address) or _Wait(now) for address in gone}
        due = [(w.due, address) for address, w in self._waits.items() if w.due <= now]
        for _, address in sorted(due)[: self._config.reconnect_tries]:
            wait = self._waits[address]
            delay = min(
                self._config.reconnect_max_us,
                self._config.reconnect_period_us << min(wait.tries, 32),
            )
            wait.due = now + delay - self._rng.randint(0, delay // 2)
            wait.tries += 1
            self._push(gone[address], address)

    def sign_of_life(self, address: Address) -> None:
        """Somebody is there: if it is lost again, the series begins anew."""
        if self._waits:
            self._waits.pop(address, None)
