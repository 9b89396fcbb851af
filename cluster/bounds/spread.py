"""Bounds of broadcast: its trees and batches, what is kept and compared, and who listens.

A part of `cluster.config`, from where everybody takes it.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

MS: Final = 1_000
SECOND: Final = 1_000_000


class SpreadConfig(Struct, frozen=True):
    """Broadcast: the tree, its batches, and how what was missed is found."""

    branches: int = 5
    """Children of a node in a topic's tree. More makes the way shorter and the inner nodes busier."""
    flush_period_us: int = 20 * MS
    """A link carries a batch at most this often. Longer saves messages, and each hop takes longer."""
    page_bytes: int = 65_536
    """About how much one message carries; a longer one blocks its link for longer."""
    queue_max: int = 16_384
    """Messages that wait for one link; what has no room is found by a digest later."""
    exchange_period_us: int = SECOND
    """What was had is compared with one other node this often: the tail's bound after a loss."""
    exchange_settle_us: int = 700 * MS
    """What came later than this is taken to be on its way still, and not sent again. Longer than a
    message takes to everybody, or links carry things twice; the longer, the later a repair."""
    exchange_gone_every: int = 4
    """Each so many comparisons one is tried with a member believed dead: it may only be cut off."""
    kept_max: int = 65_536
    """Messages kept for whoever missed them; more memory forgives longer absences."""
    kept_bytes_max: int = 64 * 1_048_576
    """The same in bytes of payload."""
    payload_bytes_max: int = 65_536
    """The longest message; longer values belong into the store."""
    topics_max: int = 1_024
    """Topics that have subscribers at one node. Publishing on others costs no more than on these."""
    trees_max: int = 4_096
    """Topics whose tree is remembered; more are computed again, some microseconds each."""
    streams_max: int = 4_096
    """Streams (publisher, publisher's boot) remembered; digests grow with them."""
    early_max: int = 16_384
    """Messages of one stream taken ahead of a gap in it; a digest names each of them until then."""
    subscribers_max: int = 10_000
    """Subscribers of one topic at one node, and those that one message may be sent to apart: each
    of these costs a message of its own, all sent at once."""
    listener_queue_max: int = 256
    """Messages that wait for one listener that is slow to read. The oldest go first, and it is told
    how many; more forgives longer pauses and holds more in memory."""
    listener_bytes_max: int = 1_048_576
    """The same in bytes of payload."""
    census_timeout_us: int = 500 * MS
    """A member that has not said by then how many subscribers it has is sent nothing apart."""
    censuses_max: int = 16
    """Messages that wait for such answers at one node; more are refused. Each holds its payload."""
