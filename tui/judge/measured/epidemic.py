"""How fast gossip should spread one piece of news, by theory: when each more node learns it.

Of gossip's own rounds only: what rides on probes or comes by a whole exchange of views is faster,
and links are taken for lossless. What really happened is `tui.screens.pieces.hearsay`'s business.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from cluster.config import MembershipConfig

NODES_MAX: Final = 4_096
"""More are not predicted one by one: the list has an entry for each node."""


class Spread(Struct, frozen=True):
    """When so many nodes know, on average, and of what that was computed."""

    times_us: tuple[int, ...]
    """The k-th is when k + 1 nodes know, since the first did."""
    fanout: int
    """Members told in each round."""
    period_us: int

    @property
    def nodes(self) -> int:
        """Who has to learn it, the first included."""
        return len(self.times_us)

    @property
    def half_us(self) -> int:
        """When half of them know, rounded up."""
        return self.times_us[(self.nodes + 1) // 2 - 1]

    @property
    def all_us(self) -> int:
        """When the last one knows."""
        return self.times_us[-1]


def predicted(nodes: int, others: int, config: MembershipConfig) -> Spread | None:
    """The spread among `nodes`, each of which picks its targets among `others`.

    The simple stochastic epidemic (N. T. J. Bailey, "A simple stochastic epidemic", Biometrika 37,
    1950; its mean for large n is the logistic curve that SWIM, section 4.1, and Serf's convergence
    simulator draw). Every node that knows tells f of m others in each period T, at a phase of its
    own, so any given pair meets at the rate r = f / (m T). While k of n know, k (n - k) pairs can
    pass it on, and the wait for the next is 1 / (r k (n - k)) on average:

        t(k) = sum over j from 1 to k - 1 of  m T / (f j (n - j))

    Unlike the curve this has an end: all n know after about 2 T ln(n) / f. Where one round reaches
    everybody (f = m) there is nothing to chance: all learn in the first one's next round, T / 2
    from now on average. Rounds played out by a program come 2 to 7 % sooner with 20 nodes and more;
    of very few nodes a round reaches most at once, and theory is late by up to half. None where
    there is nobody to tell, or too many.
    """
    if not 2 <= nodes <= NODES_MAX or config.gossip_fanout < 1:
        return None
    others = max(others, nodes - 1)
    fanout = min(config.gossip_fanout, others)
    if fanout == others:
        at_once = config.gossip_period_us // 2
        return Spread((0, *[at_once] * (nodes - 1)), fanout, config.gossip_period_us)
    wait = others * config.gossip_period_us / fanout
    times = [0.0]
    for knowing in range(1, nodes):
        times.append(times[-1] + wait / (knowing * (nodes - knowing)))
    return Spread(tuple(round(t) for t in times), fanout, config.gossip_period_us)
