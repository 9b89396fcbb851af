"""The quiz show as load: answers at a steady rate through any node, as clients would send them.

Open loop: an answer is due when it is due, whether or not the ones before have been acknowledged,
so that an outage shows as missing answers and not as a polite pause. A client that gets no answer
tries the next node; it does not know who is alive, only who failed it lately. Every acknowledged
answer goes into the ledger; an outcome nobody knows is counted as "maybe".

Totals are exact and are stated every quarter of a second. When asked, the operations themselves are
kept for the one judge (`chronicle`). Ignores the cluster's own opinion.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from random import Random
from typing import Any, Literal, Protocol

from msgspec import Struct

from cluster.lab.quiz.deeds import Chronicle, text_of
from cluster.lab.quiz.ledger import Audit, Ledger
from cluster.lab.quiz.script import Answer, Quiz
from cluster.lab.slots import Door
from cluster.lab.witness import Witness
from cluster.model.facts import WorkloadCounted
from cluster.model.judging.deeds import Kind, Outcome
from cluster.model.member import NodeId
from cluster.model.versions import Context

PutResult = Literal["acknowledged", "refused", "maybe"]


class Reading(Struct, frozen=True):
    """What R replicas said: the values of all siblings (none: absent) and their context."""

    values: tuple[bytes, ...]
    context: Context


class Lines(Protocol):
    """How players reach nodes. Never raises for trouble on the way."""

    async def put(self, door: Door, key: str, value: bytes, context: Context) -> PutResult:
        """Write through one node. "refused": surely not written; "maybe": nobody knows."""
        ...

    async def get(self, door: Door, key: str) -> Reading | None:
        """Read through one node. None: no answer."""
        ...

    async def close(self) -> None:
        """Hang up."""
        ...


class WorkloadOptions(Struct, frozen=True):
    """How much, how patiently, how many at once."""

    answers_per_s: float = 40.0
    reads_share: float = 0.2
    """Of all operations; a read looks up an answer acknowledged before."""
    tries_max: int = 5
    """How many nodes one operation may try."""
    avoid_us: int = 1_000_000
    """A node that failed a client is asked last for this long."""
    in_flight_max: int = 256
    """Operations under way; what comes due beyond that counts as failed."""
    keys_max: int = 50_000
    """The quiz begins again past so many answers, and so the ledger is bounded."""
    period_us: int = 250_000
    audit_parallel: int = 4
    audit_rounds: int = 20
    """How often the audit asks all nodes for an answer that none would give."""
    audit_wait_s: float = 0.2
    deeds_max: int = 0
    """Operations kept for the judge, about 400 bytes each; past it those that ended first are
    forgotten. 0: none is kept."""


class Workload:
    """Players that never tire. `doors` says where nodes are now."""

    def __init__(
        self,
        options: WorkloadOptions,
        witness: Witness,
        random: Random,
        doors: Callable[[], Sequence[Door]],
        lines: Lines,
    ) -> None:
        self.options = options
        self.ledger = Ledger()
        self.chronicle = Chronicle(witness.now(), options.deeds_max)
        self.maybe = 0
        self.failed = 0
        self.acknowledged = 0
        self._longest_gap_us = 0
        self._witness = witness
        self._random = random
        self._quiz = Quiz(Random(random.getrandbits(64)), options.keys_max)
        self._doors = doors
        self._lines = lines
        self._turn = 0
        self._failed_at: dict[NodeId, int] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._attempts = 0
        """Operations that ended since the last count; the others are under way."""
        self._successes = 0
        self._last_ack = witness.now()
        self._audited = 0
        self._unreadable = -1
        self._audits = 0
        self._loops: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin asking questions."""
        self._loops = [self._begin(self._pace()), self._begin(self._count())]

    async def stop(self) -> None:
        """Stop asking, give up what is under way (those outcomes are "maybe"), hang up."""
        for task in [*self._loops, *self._tasks]:
            task.cancel()
        await asyncio.gather(*self._loops, *self._tasks, return_exceptions=True)
        self._loops = []
        await self._lines.close()

    async def pause(self) -> None:
        """Ask nothing more and wait for what is under way; the totals are final then."""
        if self._loops:
            self._loops[0].cancel()
        while self._tasks:
            await asyncio.wait(self._tasks)

    def watch_gap(self) -> None:
        """Begin to measure the longest gap between acknowledgements."""
        self._last_ack = self._witness.now()
        self._longest_gap_us = 0

    def longest_gap_us(self) -> int:
        """The longest time without any acknowledgement, since `watch_gap`."""
        return max(self._longest_gap_us, self._witness.now() - self._last_ack)

    # --- asking ----------------------------------------------------------------------------------

    async def _pace(self) -> None:
        self.watch_gap()
        period_us = 1_000_000 / self.options.answers_per_s * (1 - self.options.reads_share)
        due = float(self._witness.now())
        while True:
            now = self._witness.now()
            due = max(
                due + period_us, now - 1_000_000.0
            )  # we were paused: do not catch up for ever
            if due > now:
                await asyncio.sleep((due - now) / 1_000_000)
            if len(self._tasks) >= self.options.in_flight_max:
                self._attempts += 1
                self.failed += 1
                self._end(self._begin_deed("write", ""), "failed")
                continue
            reads = len(self.ledger) > 0 and self._random.random() < self.options.reads_share
            act = self._look_up(self.ledger.any(self._random)) if reads else self._answer()
            task = self._begin(act)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def answer(self, count: int, at_once: int = 16) -> None:
        """So many answers beside the steady ones, and wait until each has come to an end."""
        left = iter(range(count))

        async def player() -> None:
            for _ in left:
                await self._answer()

        await asyncio.gather(*(player() for _ in range(at_once)))

    async def _answer(self) -> None:
        answer = self._quiz.next()
        self.ledger.attempted(answer.key, answer.value)
        before = await self._told(answer.key) if answer.again else None
        read, context = (before.values, before.context) if before is not None else ((), {})
        deed = self._begin_deed("write", answer.key, answer.value, read)
        unsure = False
        try:
            for door in self._route():
                self.chronicle.asks(deed, door.name)
                result = await self._lines.put(door, answer.key, answer.value, context)
                if result == "acknowledged":
                    self._acknowledge(answer)
                    self._end(deed, "ok", again=unsure)
                    return
                self._failed_at[door.name] = self._witness.now()
                unsure = unsure or result == "maybe"
        except asyncio.CancelledError:
            self.maybe += 1
            raise
        self._attempts += 1
        self._end(deed, "maybe" if unsure else "failed")
        if unsure:
            self.maybe += 1
        else:
            self.failed += 1
            self.ledger.refused(answer.key, answer.value)

    def _acknowledge(self, answer: Answer) -> None:
        now = self._witness.now()
        self._longest_gap_us = max(self._longest_gap_us, now - self._last_ack)
        self._last_ack = now
        self.acknowledged += 1
        self._attempts += 1
        self._successes += 1
        self.ledger.acknowledged(answer.key, answer.value)

    async def _look_up(self, key: str) -> None:
        reading = await self._told(key)
        self._attempts += 1
        if reading is None:
            self.failed += 1
        else:
            self._successes += 1

    async def _told(self, key: str) -> Reading | None:
        """What a player is told of a key."""
        deed = self._begin_deed("read", key)
        reading = await self._read(key, deed)
        if reading is None:
            self._end(deed, "failed")
        else:
            self._end(deed, "ok", reading.values)
        return reading

    async def _read(self, key: str, deed: int | None = None) -> Reading | None:
        for door in self._route():
            if deed is not None:
                self.chronicle.asks(deed, door.name)
            reading = await self._lines.get(door, key)
            if reading is not None:
                return reading
            self._failed_at[door.name] = self._witness.now()
        return None

    def _begin_deed(
        self, kind: Kind, key: str, value: bytes = b"", read: tuple[bytes, ...] = ()
    ) -> int:
        return self.chronicle.began(kind, key, self._witness.now(), value, read)

    def _end(
        self, deed: int, outcome: Outcome, told: tuple[bytes, ...] = (), *, again: bool = False
    ) -> None:
        self.chronicle.ended(deed, outcome, self._witness.now(), told, again=again)

    def _route(self) -> list[Door]:
        """The nodes to try for one operation: in turn, those that failed lately last."""
        doors = list(self._doors())
        if not doors:
            return []
        self._turn += 1
        turn = self._turn % len(doors)
        doors = doors[turn:] + doors[:turn]
        since = self._witness.now() - self.options.avoid_us
        doors.sort(key=lambda door: self._failed_at.get(door.name, 0) > since)
        return doors[: self.options.tries_max]

    # --- counting --------------------------------------------------------------------------------

    async def _count(self) -> None:
        last = self._witness.now()
        while True:
            await asyncio.sleep(self.options.period_us / 1_000_000)
            now = self._witness.now()
            self._say(now - last)
            last = now

    def _say(self, interval_us: int) -> None:
        attempts, self._attempts = self._attempts, 0
        successes, self._successes = self._successes, 0
        running, now = self.chronicle.running, self._witness.now()
        share = running.total.share
        outage = running.longest_outage(now, self.chronicle.waiting_since())
        writing, waiting = self.chronicle.writing, self.chronicle.waiting_to_write()
        self._witness.say(
            WorkloadCounted(
                acknowledged=self.acknowledged,
                maybe=self.maybe,
                failed=self.failed,
                unreadable=self._unreadable,
                audited=self._audited,
                interval_us=interval_us,
                attempts=attempts,
                successes=successes,
                answered=-1.0 if share is None else share,
                outage_us=outage.us,
                audits=self._audits,
                unwritten_us=writing.longest_outage(now, waiting).us,
            )
        )

    # --- judging ---------------------------------------------------------------------------------

    async def audit(self, sample: int = 0) -> Audit:
        """Read acknowledged answers back with R replicas each: all of them, or so many.

        Whatever is written meanwhile is taken into account.
        """
        keys = self.ledger.keys()
        if 0 < sample < len(keys):
            keys = self._random.sample(keys, sample)
        self.chronicle.final = {}
        missing: list[str] = []
        unanswered: list[str] = []
        waiting = iter(keys)

        async def reader() -> None:
            for key in waiting:
                before = self.ledger.right(key)
                reading = await self._read_patiently(key)
                if reading is None:
                    unanswered.append(key)
                    continue
                self.chronicle.final[key] = tuple(map(text_of, reading.values))
                if not set(reading.values) & (before | self.ledger.right(key)):
                    missing.append(key)

        await asyncio.gather(*(reader() for _ in range(self.options.audit_parallel)))
        audit = Audit(len(keys), tuple(sorted(missing)), tuple(sorted(unanswered)))
        self._audited = audit.asked
        self._unreadable = len(audit.unreadable)
        self._audits += 1
        return audit

    async def _read_patiently(self, key: str) -> Reading | None:
        for _ in range(self.options.audit_rounds):
            reading = await self._read(key)
            if reading is not None:
                return reading
            await asyncio.sleep(self.options.audit_wait_s)
        return None

    def _begin(self, coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        return asyncio.get_running_loop().create_task(coroutine)
