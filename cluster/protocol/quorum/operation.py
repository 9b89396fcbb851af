"""One client operation in flight, and the latencies of those that ended. Plain state, no rules."""

from __future__ import annotations

from collections import deque

from msgspec import Struct, field

from cluster.model.facts import FactId, OperationKind
from cluster.model.member import NOBODY, NodeId
from cluster.model.summary import Rates, Times, bucket_of
from cluster.model.versions import EMPTY, Versions
from cluster.protocol.inputs import RequestId
from cluster.protocol.messages import DeleteRequest, GetRequest, PutRequest, UpdateRequest

WriteRequest = PutRequest | DeleteRequest | UpdateRequest
DataRequest = WriteRequest | GetRequest
LATENCIES_MAX = 4_096


class Asker(Struct, frozen=True):
    """Who gets the answer: a client of this node, a machine of its own, or a node that forwarded."""

    request: RequestId = RequestId(0)
    node: NodeId = NOBODY
    number: int = 0
    inner: int = 0
    """A machine of this node asks, under this number, and not a client."""
    relayed: bool = False
    """The node passed on what only a master may decide; else it looks for one that may mint."""


def _nobody() -> deque[NodeId]:
    return deque()


class Operation(Struct):
    """A put, get or delete that a coordinator has begun."""

    number: int
    asker: Asker
    request: DataRequest
    partition: int
    started: int
    traced: bool
    told: tuple[FactId, ...] = ()
    """The fact that it began, if it is traced: what comes of it by a timer comes of that."""
    w: int = 0
    """Answers needed: W of a write, R of a read."""
    pw: int = 0
    """Answers needed from primaries."""
    versions: Versions = EMPTY
    pending: dict[NodeId, NodeId] = {}
    """Who has not answered yet -> the absent owner it stands in for, or empty."""
    asked: set[NodeId] = set()
    covered: set[NodeId] = set()
    """Silent places for which a fallback was asked."""
    done: list[NodeId] = []
    values: dict[NodeId, Versions] = {}
    candidates: deque[NodeId] = field(default_factory=_nobody)
    """Whom to ask next."""
    primaries: int = 0
    met_filling: bool = False
    """A read met an owner that is still being filled: whoever was asked is waited for."""
    answered: bool = False
    errand: bool = False
    """Done on behalf of another operation here: that one is answered, measured and told."""
    abandoned: bool = False
    """The client is gone: nobody is answered."""
    carried: bool = False
    """Carried out here by the owners on the ring; else its policy sees to it."""
    relayed_to: NodeId = NOBODY
    """The master it was passed on to."""
    forwarded_to: bool = False
    refusals: int = 0
    """How many of the nodes it was forwarded to have refused it."""
    trouble: str = ""

    @property
    def kind(self) -> OperationKind:
        """The word for the request."""
        match self.request:
            case GetRequest():
                return "get"
            case PutRequest():
                return "put"
            case DeleteRequest():
                return "delete"
            case UpdateRequest():
                return "update"


class Latencies:
    """Counts and percentiles of the operations ended since the last pulse."""

    def __init__(self) -> None:
        self._put: list[int] = []
        self._get: list[int] = []
        self._puts = self._gets = self._failed = 0
        self.speculated = 0
        """Reads that asked one more, since the last pulse."""
        self.get_p99_us = 0
        """Of the last interval that had reads."""

    def add(self, kind: OperationKind, took_us: int, *, good: bool) -> None:
        """One operation was answered."""
        if not good:
            self._failed += 1
        if kind == "get":
            self._gets += 1
            samples = self._get
        else:
            self._puts += 1
            samples = self._put
        if len(samples) < LATENCIES_MAX:
            samples.append(took_us)

    def take(self) -> Rates:
        """The interval's figures; the next interval starts empty."""
        put = sorted(self._put)
        get = sorted(self._get)
        rates = Rates(
            self._puts,
            self._gets,
            self._failed,
            _percentile(put, 50),
            _percentile(put, 99),
            _percentile(get, 50),
            _percentile(get, 99),
            self.speculated,
            _times(put),
            _times(get),
        )
        self.get_p99_us = rates.get_p99_us or self.get_p99_us
        self.speculated = 0
        self._put, self._get = [], []
        self._puts = self._gets = self._failed = 0
        return rates


def _times(took: list[int]) -> Times:
    times: Times = {}
    for us in took:
        bucket = bucket_of(us)
        times[bucket] = times.get(bucket, 0) + 1
    return times


def _percentile(ordered: list[int], percent: int) -> int:
    return ordered[(len(ordered) - 1) * percent // 100] if ordered else 0
