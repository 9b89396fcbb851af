"""Seven bugs, planted at run time: what the simulator must find, and has found (see `test_planted`).

Each plant patches one function of the protocol for the length of a `with`. There is no switch for
any of them in the code itself.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import pytest

from cluster.model.member import MemberState, NodeId, supersedes
from cluster.protocol.outbox import OnDisk, Outbox
from cluster.protocol.quorum import replica as replica_module
from cluster.protocol.quorum.hints import Hints
from cluster.protocol.quorum.operation import Operation, WriteRequest
from cluster.protocol.quorum.writes import Writes
from cluster.protocol.swim.membership import Membership
from cluster.protocol.swim.suspicion import Suspicions
from cluster.protocol.transfer.transfers import Transfers


@contextmanager
def acknowledge_before_fsync() -> Generator[None]:
    """A replica says "on disk" when it has only asked for it."""
    honest = Outbox.persist

    def hasty(self: Outbox, writes: Any, then: OnDisk | None = None) -> None:
        honest(self, writes)
        if then is not None:
            then("")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Outbox, "persist", hasty)
        yield


@contextmanager
def new_owner_readable_at_once() -> Generator[None]:
    """A new owner answers reads before it has merged what the former owners hold."""
    honest = Transfers.refresh

    def hasty(self: Transfers, **how: Any) -> None:
        honest(self, **how)
        self.filling.clear()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Transfers, "refresh", hasty)
        yield


@contextmanager
def dead_accepted_from_push_pull() -> Generator[None]:
    """A whole view that says "dead" is believed, as if it had been gossiped by who found out."""
    honest = Membership.learn

    def credulous(self: Membership, claim: Any, via: Any, teller: Any) -> None:
        dead = via == "pushpull" and claim.state is MemberState.DEAD and claim.name != self.me
        if dead and supersedes(claim, self.claims.get(claim.name)):
            getattr(self, "_apply")(claim, via, teller)  # noqa: B009
        else:
            honest(self, claim, via, teller)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Membership, "learn", credulous)
        yield


@contextmanager
def version_actor_reused_after_a_wipe() -> Generator[None]:
    """A replica always mints under its own name."""

    def forgetful(_held: Any, node: str, *_rest: Any) -> str:
        return f"{node}.0.0"

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(replica_module, "minting_actor", forgetful)
        yield


@contextmanager
def update_forwarded_twice() -> Generator[None]:
    """An update whose minter stays silent goes to the next one, as a put does."""
    honest = Writes.replace

    def eager(self: Writes, op: Operation, request: WriteRequest, silent: NodeId) -> None:
        if op.forwarded_to:
            getattr(self, "_forward")(op, request)  # noqa: B009
        else:
            honest(self, op, request, silent)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Writes, "replace", eager)
        yield


@contextmanager
def refused_connection_means_nothing() -> Generator[None]:
    """That a kernel refuses connections speeds no suspicion up."""

    def deaf(self: Suspicions, name: NodeId) -> None:
        return None

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Suspicions, "refused", deaf)
        yield


@contextmanager
def hint_dropped_on_restart() -> Generator[None]:
    """The notes of an earlier life are not read again."""

    def forgetful(self: Hints) -> None:
        return None

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Hints, "load", forgetful)
        yield
