"""How far a node trusts its own failure detector (Lifeguard, Dadgar et al. 2018, section 4.1).

A score from 0 (well) to `health_max`. It rises when what this node sees may be its own fault: a
helper that owes a nack and sends none, a failed probe that nobody could check, an accusation it
had to refute, an event loop that runs late. It falls by one with each answered probe. A node that
doubts itself probes more slowly and, if told so, waits longer: it accuses less.

The score is always kept and told; `probe_scaling` says what it changes. The paper scales period
and timeout, memberlist (awareness.go, state.go) the period alone.
"""

from __future__ import annotations

from cluster.config import MembershipConfig
from cluster.model.facts import HealthChanged, HealthReason
from cluster.protocol.outbox import Outbox


class Health:
    """The local health score of one node."""

    def __init__(self, out: Outbox, config: MembershipConfig) -> None:
        self._out = out
        self._config = config
        self.score = 0

    def change(self, by: int, why: HealthReason) -> None:
        """Something spoke for or against this node."""
        old = self.score
        self.score = max(0, min(self._config.health_max, old + by))
        if self.score != old:
            self._out.emit(HealthChanged(old, self.score, why))

    def measured(self, lag_us: int) -> None:
        """The driver says how late this node's timers were at worst since it last said so."""
        if lag_us > self._config.health_lag_us:
            self.change(+1, "late")

    @property
    def probe_period_us(self) -> int:
        """How long a probe period lasts at this score."""
        if self._config.probe_scaling == "none":
            return self._config.probe_period_us
        return self._config.probe_period_us * (self.score + 1)

    @property
    def probe_timeout_us(self) -> int:
        """How long a direct ping may take at this score."""
        if self._config.probe_scaling != "both":
            return self._config.probe_timeout_us
        return self._config.probe_timeout_us * (self.score + 1)
