"""What the nodes answered when asked for their copies of one key: asked for, never folded.

Facts tell of few keys and of no values, so a key is looked at by asking. Every answer has the time
it was given; what did not answer says so.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from cluster.model.member import NodeId
from cluster.model.values.copies import CopyShown


class Copy(Struct, frozen=True):
    """One node's answer, or why there is none."""

    node: NodeId
    at: int
    """When it answered, microseconds since 1970; 0: it did not."""
    held: CopyShown | None = None
    trouble: str = ""


class Reading(Struct, frozen=True):
    """What a client that reads now would get, asked through one node."""

    through: NodeId
    r: int
    """How many replicas had to agree; 0 is the cluster's own."""
    status: int
    """200 a value, 300 several, 404 absent, 503 no quorum, 0 no answer."""
    took_us: int
    replicas: tuple[NodeId, ...] = ()
    detail: str = ""


class Inspection(Struct, frozen=True):
    """Everything that was answered about one key, lately."""

    key: str = ""
    """Empty: nobody asked for one yet."""
    typing: str | None = None
    """What was typed so far while a key is asked for; None: nobody is typing."""
    why_not: str = ""
    """Why nobody can be asked: a recording, a simulated cluster, the past."""
    copies: tuple[Copy, ...] = ()
    """One per node, in the view's order."""
    readings: tuple[Reading, ...] = ()


NOT_LOOKING = Inspection()
Relation = Literal["newest", "behind", "apart", "nothing", "unknown"]
"""A copy beside all others: it knows all, some, something that others do not, nothing; or it did
not answer."""
