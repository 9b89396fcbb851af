"""Members and the claims nodes make about them.

Decides which of two claims about one member is newer. A claim is ordered by (boot epoch,
incarnation, state): a later life beats everything said of an earlier one, and inside one life the
accused answers by raising its incarnation (SWIM 4.2). The order is total, so merging views is a
join: commutative, associative, idempotent. It deliberately ignores who says it and when.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Annotated, Final, NewType

from msgspec import Meta, Struct

NodeId = NewType("NodeId", str)
"""A member's name. With its boot epoch it is an identity."""

Address = NewType("Address", str)
"""`host:port`."""

NOBODY: Final = NodeId("")

NAME_PATTERN: Final = r"^[A-Za-z0-9_.@-]{1,64}$"
Name = Annotated[NodeId, Meta(pattern=NAME_PATTERN)]
"""A name as the wire accepts it; members of other engines (NAME@HOST) have none but such either."""
NameOrNobody = Annotated[NodeId, Meta(pattern=r"^[A-Za-z0-9_.@-]{0,64}$")]
ADDRESS_PATTERN: Final = r"^[A-Za-z0-9_.:\[\]-]{1,100}:[0-9]{1,5}$"
WireAddress = Annotated[Address, Meta(pattern=ADDRESS_PATTERN)]
UNKNOWN_ADDRESS: Final = Address("unknown:0")
"""Where a claim must name an address and nobody has told any (a member of another engine)."""
Count = Annotated[int, Meta(ge=0, le=2**53)]
"""A number from the wire that may be raised by one without leaving 64 bits."""


class MemberState(IntEnum):
    """What a claim says of its subject, in the order in which one overrides another."""

    ALIVE = 0
    SUSPECT = 1
    DEAD = 2
    REMOVED = 3
    """Dead so long that the ring went on without it (DESIGN 4: death is not departure)."""
    LEFT = 4

    @property
    def word(self) -> str:
        """The state as the screens and `--json` say it."""
        return self.name.lower()


class Claim(Struct, frozen=True, array_like=True):
    """One statement about one member, as it travels in gossip and push/pull.

    `accuser` is who first said a SUSPECT or DEAD of this incarnation; empty otherwise. It does not
    take part in the order: two accusers of one incarnation confirm each other.
    """

    name: Name
    epoch: Count
    incarnation: Count
    state: MemberState
    gossip: WireAddress
    window: WireAddress
    accuser: NameOrNobody = NOBODY
    draining: bool = False
    """It has given up its places on the ring; only the subject says so, with a new incarnation.
    Of a member that has left: it will return, if at all, with an empty disk."""

    @property
    def order(self) -> tuple[int, int, int]:
        """What decides between two claims about the same name."""
        return (self.epoch, self.incarnation, self.state)

    @property
    def on_ring(self) -> bool:
        """Ring members are exactly those neither left, removed (DESIGN 4) nor draining."""
        return self.state <= MemberState.DEAD and not self.draining


def supersedes(new: Claim, old: Claim | None) -> bool:
    """Whether `new` says something that `old` does not already know."""
    return old is None or new.order > old.order
