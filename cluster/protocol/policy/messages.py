"""What nodes say to each other when the cluster has a master. Part of `protocol.messages`.

Each docstring is the message's conversation, as there. All go by stream: between two nodes they
arrive in the order in which they were sent, or the link is lost.
"""

from __future__ import annotations

from msgspec import Struct

from cluster.model.member import Count
from cluster.model.versions import Versions
from cluster.protocol.fields import Number, Page, Partition
from cluster.protocol.requests import (
    DeleteRequest,
    GetRequest,
    PutRequest,
    ReadResponse,
    Refusal,
    UpdateRequest,
    WriteResponse,
)


class Relay(Struct, frozen=True, array_like=True, tag=50):
    """A node that may not decide passes a client's request to who it believes is master.

    Answered with `Relayed`. Never passed on: a receiver that is not master refuses.
    """

    number: Number
    request: PutRequest | DeleteRequest | GetRequest | UpdateRequest


class Relayed(Struct, frozen=True, array_like=True, tag=51):
    """The master's answer to `Relay`, for the client."""

    number: Number
    response: WriteResponse | ReadResponse | Refusal


class Herald(Struct, frozen=True, array_like=True, tag=52):
    """ "I am master of `term`; `seq` writes of it exist." To all members, each heartbeat.

    Answered with `Heed` of the same `round`. Whoever has had fewer writes than `seq` copies.
    """

    term: Count
    seq: Count
    round: Count
    serves: bool = False
    """A majority holds all that this reign began with: it may have acknowledged something."""


class Heed(Struct, frozen=True, array_like=True, tag=53):
    """ "I have heard you, and have had `seq` writes of your term"; or `term` is higher than yours."""

    term: Count
    seq: Count
    round: Count


class Accept(Struct, frozen=True, array_like=True, tag=54):
    """The master of `term` gives a follower its `seq`th write. Answered with `Accepted`.

    `seq` has no gaps: a follower that finds one copies everything. The one sibling of `versions`
    carries (term, seq) as its dot (`policy.stamps`).
    """

    number: Number
    term: Count
    seq: Count
    partition: Partition
    key: bytes
    versions: Versions


class Accepted(Struct, frozen=True, array_like=True, tag=55):
    """That write is on disk here; `refused` says why it is not.

    A `term` above the write's says that its master is master no more.
    """

    number: Number
    term: Count
    refused: str = ""


class Solicit(Struct, frozen=True, array_like=True, tag=56):
    """A candidate asks for a vote in `term` (Raft 5.2). Answered with `Vote`.

    `rehearsal`: would you? Nothing is promised yet, so that a node that was away does not depose
    a master by its return (Ongaro 2014, 9.6, "PreVote").
    """

    term: Count
    rehearsal: bool


class Vote(Struct, frozen=True, array_like=True, tag=57):
    """The answer to `Solicit`; `promised` is the highest term the voter has promised itself to."""

    term: Count
    rehearsal: bool
    granted: bool
    promised: Count
    copied: bool = False
    """The voter's disk has held all that a master held."""
    served: bool = False
    """The voter knows that a master has served."""


class Survey(Struct, frozen=True, array_like=True, tag=58):
    """Asks for the page of a partition that follows `after`: to copy a master, or to find out what
    a majority has before becoming one. Answered with `SurveyPage`, or not by who heeds a higher
    term."""

    number: Number
    term: Count
    partition: Partition
    after: bytes


class SurveyPage(Struct, frozen=True, array_like=True, tag=59):
    """A page. `last`: nothing follows. `seq`: how many writes of the term its sender has had."""

    number: Number
    partition: Partition
    records: Page
    last: bool
    seq: Count
