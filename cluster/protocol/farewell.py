"""How a node goes for good: it drains, marks its disk, says so to everybody, and ends.

Ignores how places are given up (`transfer.drain`).
"""

from __future__ import annotations

from collections.abc import Callable

from cluster.model.facts import NodeStopped
from cluster.model.member import MemberState, NodeId
from cluster.protocol.effects import PutMeta
from cluster.protocol.inputs import RequestId
from cluster.protocol.outbox import Outbox
from cluster.protocol.swim.membership import Membership
from cluster.protocol.transfer.drain import Drain, How


class Farewell:
    """The last things one node does."""

    def __init__(
        self, out: Outbox, members: Membership, drain: Drain, tell: Callable[[NodeId], None]
    ) -> None:
        self._out = out
        self._members = members
        self._drain = drain
        self._tell = tell
        """Send what is new to one member, now."""
        self._waiting: list[RequestId] = []

    def leave(self, request: RequestId, *, drain: bool) -> None:
        """Somebody asks the node to go: answered when the farewell has spread."""
        self._waiting.append(request)
        if not drain:
            self._depart(drained=False)
        elif not self._members.leaving:
            self._drain.begin(leaving=True)
            self.tell_all()

    def tell_all(self) -> None:
        """The own claim has changed: everybody should know soon."""
        for name in self._members.others(MemberState.SUSPECT):
            self._tell(name)

    def ready(self, how: How) -> None:
        """Nothing is left to wait for: go, and remember if nothing here is needed any more."""
        if how == "drained":
            # On disk before it is said: others then count on this node to return with nothing.
            mark = PutMeta("left", how.encode())
            self._out.persist((mark,), lambda refused: self._depart(drained=not refused))
        else:
            self._depart(drained=False)

    def _depart(self, *, drained: bool) -> None:
        self._members.leave(drained=drained)
        self.tell_all()
        self._out.set_timer(("left",), self._out.now + self._out.config.membership.leave_linger_us)

    def left(self) -> None:
        """Everybody has heard it."""
        self._out.emit(NodeStopped("left"))
        for leaver in self._waiting:
            self._out.reply(leaver, None)
        self._out.halt("left the cluster", failed=False)
