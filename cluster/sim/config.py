"""What a healed simulated world owes, and what a search for a shorter trace may cost.

Beside the simulator and not in `cluster.config`: no node reads any of it.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from cluster.config import MS, SECOND


class SimConfig(Struct, frozen=True):
    """What a healed simulated world owes, and what a search may cost (`cluster.sim.trial`).

    The bounds hold for the demo profile and the named fault schedules; raising one hides a slow
    recovery, lowering it finds one.
    """

    agreed_within_us: int = 20 * SECOND
    """T1: after heal, every node runs and all hold one view and one ring."""
    filled_within_us: int = 30 * SECOND
    """From then on, every owner is readable."""
    hints_within_us: int = 30 * SECOND
    """T2: from then on, no hint waits anywhere, in memory or on disk."""
    named_within_us: int = 20 * SECOND
    """From then on (and whenever nothing was wrong for this long), every open room runs once, at its
    home."""
    equal_within_us: int = 60 * SECOND
    """T3: from then on, all owners of a key hold the same, on disk."""
    closed_within_us: int = 15 * SECOND
    """From then on, every incident record is closed."""
    answered_within_us: int = 20 * SECOND
    """A client of a healed world has its answer: a stream may still wait for a retransmission."""
    crash_known_within_us: int = 1_500 * MS
    """A crash that nothing else obscures is known to every live node."""
    silence_known_within_us: int = 5 * SECOND
    """So is a machine that is gone with its kernel: nothing but silence tells of it."""
    settled_before_us: int = 4 * SECOND
    """Nothing obscures a crash if nothing else was in force for this long before it."""
    look_every_us: int = SECOND
    """How often the queues are measured."""
    facts_shown: int = 100
    """Facts kept to be shown before a broken promise."""
    shrink_tries_max: int = 60
    """Runs that shrinking may cost; more find shorter traces, each costs about a second."""


SIM: Final = SimConfig()
