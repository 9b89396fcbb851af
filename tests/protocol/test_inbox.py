"""Every message of the protocol has somebody who hears it."""

from __future__ import annotations

from typing import get_args

from cluster.protocol.inbox import Inbox
from cluster.protocol.messages import Body


def test_every_message_is_heard_by_one_machine() -> None:
    assert set(Inbox.heard_by) == set(get_args(Body))
