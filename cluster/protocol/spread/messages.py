"""What nodes say to each other about topics. All of it by stream.

A part of the one vocabulary (`cluster.protocol.messages`, from where everybody takes them).
"""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct

from cluster.model.member import Count, Name
from cluster.protocol.fields import Number

TOPIC_CHARACTERS_MAX: Final = 128
HOPS_MAX: Final = 255
"""Links are counted up to here. A tree has a few; only given links (`LinksCommand`) make long ways."""
Topic = Annotated[str, Meta(min_length=1, max_length=TOPIC_CHARACTERS_MAX)]


class Item(Struct, frozen=True, array_like=True):
    """One broadcast message. Its origin numbers all it publishes in one life from 1, without gaps.

    Over all topics: so what was had of a node's messages is said in one `Head`, and a thousand rooms
    with a topic each cost their digests nothing. 0 is the number of what was sent to each subscriber apart: that is kept nowhere.
    """

    topic: Topic
    origin: Name
    epoch: Count
    number: Count
    payload: bytes
    hops: Annotated[int, Meta(ge=0, le=HOPS_MAX)] = 0
    """Links it has crossed when its holder got it: what the receiver then keeps is one more."""
    traced_at: Count = 0
    """When it was published, by its origin's clock, if every node is to tell of its arrival; else 0."""


class Head(Struct, frozen=True, array_like=True):
    """What somebody has had of one stream: everything up to `floor`, and the numbers in `above`."""

    origin: Name
    epoch: Count
    floor: Count
    above: Annotated[tuple[Count, ...], Meta(max_length=65_536)] = ()


Heads = Annotated[tuple[Head, ...], Meta(max_length=65_536)]


class Spread(Struct, frozen=True, array_like=True, tag=45):
    """Broadcast messages, pushed along a tree's link or in answer to a `SpreadDigest`.

    Not answered: what gets lost is found by a digest. `gone` are streams of which the asker missed
    something that the sender no longer keeps. After `more` the receiver tells what it has had
    again, because there was not room for everything. `mended`: in answer to a digest.
    """

    items: Annotated[tuple[Item, ...], Meta(max_length=65_536)]
    gone: Heads = ()
    more: bool = False
    mended: bool = False


class SpreadDigest(Struct, frozen=True, array_like=True, tag=46):
    """ "This is what I have had." To one random member each period, once anything was published.

    Answered with a `Spread` of what the sender has missed, and with the receiver's own digest
    (`answer`) if it has missed something itself; with nothing if both are equal.
    """

    heads: Heads
    answer: bool


class Deliver(Struct, frozen=True, array_like=True, tag=47):
    """One message for one subscriber at the receiver, by its number there, from 1.

    Sent once for each subscriber by a publisher that does not group them by node
    (`ScatterCommand`, `PublishCommand.apart`). Not answered, not kept, and not found again when it gets lost.
    """

    topic: Topic
    subscriber: Count
    payload: bytes


class SubscribersAsk(Struct, frozen=True, array_like=True, tag=70):
    """ "How many subscribers of this topic have you?" Asked of every member before a message is sent

    to each subscriber apart (`ScatterCommand`). Answered with `SubscribersTold`.
    """

    number: Number
    topic: Topic


class SubscribersTold(Struct, frozen=True, array_like=True, tag=71):
    """The answer to the `SubscribersAsk` of the same number."""

    number: Number
    subscribers: Count
