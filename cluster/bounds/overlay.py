"""Bounds of the overlay machines (`cluster.protocol.overlay`): views, trees and causal order.

Nodes of the cluster do not run these, so they are no part of `cluster.config`. Times are whole
microseconds. Sizes and periods of views and trees are Partisan's defaults; lengths of walks and of
shuffles are those of the HyParView paper.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

MS: Final = 1_000
SECOND: Final = 1_000_000


class ViewConfig(Struct, frozen=True):
    """HyParView: how many a peer is linked with, how many more it knows, how often it looks."""

    active_max: int = 6
    """Links of one peer. More survive more failures, and each costs a connection and its ticks."""
    active_min: int = 3
    """With fewer, it looks for another each `promote_period_us`."""
    passive_max: int = 30
    """Peers known in reserve. More survive a larger failure at once; costs memory only."""
    active_walk: int = 6
    """Hops of a newcomer's announcement (ARWL). Longer mixes better and costs joins messages."""
    passive_walk: int = 3
    """Hops left when it is remembered on the way (PRWL)."""
    shuffle_active: int = 3
    """Names of the active view in one shuffle (ka)."""
    shuffle_passive: int = 4
    """Of the passive view (kp). More mixes reserves sooner, in longer messages."""
    shuffle_period_us: int = 10 * SECOND
    """Reserves are mixed this often. Longer leaves more dead names in them."""
    promote_period_us: int = 5 * SECOND
    """How often a peer with too few links, or with none, tries again."""
    answer_timeout_us: int = 2 * SECOND
    """A request for a link that was not answered by then is forgotten."""
    contacts_max: int = 8
    """Peers through which it may join again when it has lost everybody."""


class TreeConfig(Struct, frozen=True):
    """Plumtree: how lazy the lazy links are, how long a gap may last, what is kept."""

    lazy_period_us: int = SECOND
    """What was had is announced on lazy links this often. Longer batches more and repairs later."""
    graft_after_us: int = 300 * MS
    """An announced message that does not come by then is asked for. Shorter than the tree is slow
    grafts links that the tree did not need."""
    graft_again_us: int = 200 * MS
    """The next announcer is asked this much later; at least a message's way there and back."""
    announced_max: int = 512
    """Messages in one announcement, and those a new neighbour is told of."""
    kept_max: int = 1_024
    """Messages kept for whoever asks; more forgives longer absences."""
    seen_max: int = 16_384
    """Messages remembered as had. One that comes after it was forgotten is taken for new."""
    missing_max: int = 1_024
    """Announced messages that are waited for; further ones are announced again by others."""
    announcers_max: int = 16
    """Announcers remembered for each of them."""


class CausalConfig(Struct, frozen=True):
    """Causal delivery: what a letter may depend on, and how many may wait."""

    after_max: int = 256
    """Letters that one letter may directly depend on, 16 bytes or so each. With more
    that are concurrent, whoever wants to write is refused."""
    waiting_max: int = 4_096
    """Letters that wait for others at one peer; more are refused, to be sent again."""
    authors_max: int = 8_192
    """Authors one peer keeps a count for; letters of further ones are refused."""
