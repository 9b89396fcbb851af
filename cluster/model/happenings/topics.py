"""Facts about broadcasts: what was published, and how it came to each node.

A part of the one vocabulary (`cluster.model.facts`, from where everybody takes them). A broadcast is
told by all nodes or by none: its origin decides that, within its budget, and the message says so.
(origin, epoch, number) names it at each of them. Topics are shown without control characters.
"""

from __future__ import annotations

from msgspec import Struct

from cluster.model.member import NodeId


class TopicPublished(Struct, frozen=True, array_like=True, tag="topic.publish"):
    """A traced message was published here and handed to `subscribers` of this node.

    It travels along the tree from here, one message for each other node; or, when `number` is 0, one
    was sent for each subscriber: `apart` says how many to each other node.
    """

    topic: str
    number: int
    bytes: int
    subscribers: int
    apart: dict[NodeId, int] = {}


class TopicDelivered(Struct, frozen=True, array_like=True, tag="topic.deliver"):
    """A traced message arrived here for the first time and was handed to `subscribers`."""

    topic: str
    origin: NodeId
    epoch: int
    """The origin's life."""
    number: int
    came_from: NodeId
    """The node that sent it here: its link is one step of the way."""
    hops: int
    """Links it has crossed since its origin."""
    subscribers: int
    took_us: int
    """Since it was published, by the clocks of two nodes: exact only where they are one machine's."""
    mended: bool = False
    """The tree did not bring it: a comparison of digests found that it was missing."""
