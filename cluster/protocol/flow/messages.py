"""What the stages of pipelines say to each other. All of it by stream.

A part of the one vocabulary (`cluster.protocol.messages`, from where everybody takes them).
"""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct

from cluster.model.flow.pipeline import FlowEntry, FlowName
from cluster.model.member import Count

ITEMS_MAX: Final = 65_536
NO_LIMIT: Final = 2**52
"""Asked for by stages that do not ask: "send whatever you have"."""

StageIndex = Annotated[int, Meta(ge=0, le=63)]


class FlowTell(Struct, frozen=True, array_like=True, tag=75):
    """ "These pipelines I know of." To all when one is declared or stopped, to a member that is back,
    and all known ones to one random member each period. Not answered.
    """

    entries: Annotated[tuple[FlowEntry, ...], Meta(max_length=256)]


class FlowAsk(Struct, frozen=True, array_like=True, tag=76):
    """A stage asks the one before it for items. Sent when it has room for more, and each period.

    `link` numbers the asker's connections to that stage: a higher one begins anew, and what was
    asked on earlier ones is forgotten. `asked` counts all that was ever asked for on this link, so
    an ask that gets lost is made good by the next. Answered with `FlowItems` as there are any; and
    with one without items when `had` says that some are missing.
    """

    flow: FlowName
    version: Count
    stage: StageIndex
    """Of whom it is asked."""
    epoch: Count
    """The life of the node that is asked: to a later one this means nothing."""
    link: Count
    asked: Count
    had: Count
    """Items that came to the asker in its present life, over all links."""
    settled: Count
    """Of these, those it does not hold any more: sent on, done, or refused."""


class FlowItem(Struct, frozen=True, array_like=True):
    """One item. Only its number and its age travel: what is shown is how many wait, and how long."""

    number: Count
    age_us: Count
    """Time spent in the stages before, by the clocks of their nodes."""


class FlowItems(Struct, frozen=True, array_like=True, tag=77):
    """Items, never more than were asked for on this link. Not answered; sent at most once.

    Without items it only says how many were sent: whoever has had fewer makes a new link, and what
    was on the way is lost, and counted by the sender. `closed`: the sender took the receiver for
    dead, and has forgotten what it asked; it must ask on a new link.
    """

    flow: FlowName
    version: Count
    stage: StageIndex
    """For whom they are."""
    link: Count
    batch: Count
    """Counts the messages with items on this link, from 1; 0 for one without."""
    sent: Count
    """Items sent on this link, with these."""
    items: Annotated[tuple[FlowItem, ...], Meta(max_length=ITEMS_MAX)] = ()
    closed: bool = False
