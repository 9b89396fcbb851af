"""The load of a watched world: answers of a quiz as plain keys, and a few rooms that are spoken to.

As in the demonstration on real nodes: an open loop at a steady rate, any node, another one when it
does not answer, totals told every quarter of a second. Memory is bounded: the same keys come round
again, written with what their last acknowledged write said. Now and then, when nothing is hurt and
nothing is owed, acknowledged answers are read back: "none lost" is only ever said of those.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Final

from cluster.config import MS, SECOND
from cluster.model.facts import RoomCounted, WorkloadCounted
from cluster.model.rooms import short
from cluster.model.rooms.naming import Keep
from cluster.model.versions import Context
from cluster.protocol.effects import Response
from cluster.protocol.messages import (
    GetRequest,
    PutRequest,
    ReadResponse,
    Refusal,
    RoomRequest,
    RoomResponse,
    WriteResponse,
)
from cluster.sim.world import World

READS: Final = 0.2
TRIES_MAX: Final = 4
PATIENCE_US: Final = 1_500 * MS
KEYS_MAX: Final = 1_200
"""Answers that the ledger holds; then the quiz begins again. About 1 kB of each world's memory."""
COUNT_US: Final = 250 * MS
AUDIT_US: Final = 10 * SECOND
AUDIT_MAX: Final = 200
"""Answers read back in one audit."""
ROOM_EVERY_US: Final = 400 * MS
"""Between two answers in each room."""


class Entry:
    """One key of the ledger."""

    def __init__(self) -> None:
        self.context: Context = {}
        self.acknowledged: bytes | None = None
        self.possible: set[bytes] = set()
        """What may be there instead: written since, and nobody knows whether."""
        self.busy = False


class Players:
    """All players of one world."""

    def __init__(
        self,
        world: World,
        nodes: list[str],
        rooms: int,
        calm: Callable[[], bool],
        answers_per_s: float = 40.0,
    ) -> None:
        self._every_us = round(SECOND / answers_per_s) if answers_per_s else 0
        self._world = world
        self._rooms = rooms
        self._nodes = nodes
        self._calm = calm
        self._rng = world.dice.stream("players")
        self._ledger = [Entry() for _ in range(KEYS_MAX)]
        self._turn = 0
        self.acknowledged = self.maybe = self.failed = 0
        self._attempts = self._successes = 0
        self.audited, self._unreadable = 0, -1
        self._audits = 0
        self.audits = 0
        """Audits that came to an end."""
        self.counts = 0
        """Rooms that were counted."""

    def start(self) -> None:
        """Begin to play."""
        if self._every_us:
            self._world.after(self._every_us, self._next)
        self._world.after(COUNT_US, self._count)
        self._world.after(AUDIT_US, self._audit)
        for number in range(1, self._rooms + 1):
            self._world.after(number * 50 * MS, lambda n=number: self._open(f"room-{n}", n))

    # --- answers ---------------------------------------------------------------------------------

    def _next(self) -> None:
        self._world.after(self._every_us, self._next)
        self.turn()

    def turn(self) -> None:
        """One operation of some player."""
        self._turn += 1
        rng = self._rng
        if rng.random() < READS:
            self._read(rng.randrange(KEYS_MAX))
        else:
            self._write(self._turn % KEYS_MAX)

    def write(self) -> None:
        """One answer more, to a key that nobody writes now."""
        for _ in range(KEYS_MAX):
            self._turn += 1
            if not self._ledger[self._turn % KEYS_MAX].busy:
                self._write(self._turn % KEYS_MAX)
                return

    def _write(self, place: int) -> None:
        entry = self._ledger[place]
        if entry.busy:
            return
        entry.busy = True
        value = f"{'ABCD'[self._rng.randrange(4)]} answer {self._turn}".encode()
        request = PutRequest(_key(place), value, "text/plain", entry.context)
        entry.possible.add(value)

        def ended(response: Response | None, sure: bool) -> None:
            entry.busy = False
            if isinstance(response, WriteResponse) and response.outcome == "ok":
                entry.acknowledged, entry.possible = value, set()
                entry.context = response.context
                self.acknowledged += 1
                self._successes += 1
            elif sure:
                entry.possible.discard(value)
                self.failed += 1
            else:
                self.maybe += 1

        self._ask(request, ended)

    def _read(self, place: int) -> None:
        def ended(response: Response | None, _sure: bool) -> None:
            if isinstance(response, ReadResponse):
                self._successes += 1
            else:
                self.failed += 1

        self._ask(GetRequest(_key(place)), ended)

    def _ask(
        self,
        request: PutRequest | GetRequest,
        then: Callable[[Response | None, bool], None],
    ) -> None:
        """Ask one node after the other. `then` is called once: with the answer, or without one and
        with whether it is sure that nothing was done."""

        def ended(response: Response | None, sure: bool) -> None:
            self._attempts += 1  # of what has ended, as its successes are
            then(response, sure)

        Errand(self._world, self._nodes, self._rng, request, ended).go()

    def _count(self) -> None:
        self._world.after(COUNT_US, self._count)
        self._world.tell(
            WorkloadCounted(
                acknowledged=self.acknowledged,
                maybe=self.maybe,
                failed=self.failed,
                unreadable=self._unreadable,
                audited=self.audited,
                interval_us=COUNT_US,
                attempts=self._attempts,
                successes=self._successes,
                audits=self.audits,
            )
        )
        self._attempts = self._successes = 0

    # --- the audit -------------------------------------------------------------------------------

    def _audit(self) -> None:
        self._world.after(AUDIT_US, self._audit)
        if self._calm():
            self.audit()

    def audit(self) -> None:
        """Read acknowledged answers back, now."""
        places = [
            i for i, e in enumerate(self._ledger) if e.acknowledged is not None and not e.busy
        ]
        self._rng.shuffle(places)
        # One more each time: whoever folds the counts can tell a new audit from the last.
        self._audits += 1
        chosen = places[: AUDIT_MAX + self._audits % 2]
        left = len(chosen)
        missing = 0

        def ended(place: int, response: Response | None) -> None:
            nonlocal left, missing
            left -= 1
            entry = self._ledger[place]
            wanted = {entry.acknowledged, *entry.possible}
            if isinstance(response, ReadResponse):
                missing += not wanted & {s.value for s in response.versions.siblings}
            if not left and self._calm():
                self.audited, self._unreadable = len(chosen), missing
                self.audits += 1

        for place in chosen:
            Errand(
                self._world,
                self._nodes,
                self._rng,
                GetRequest(_key(place)),
                lambda response, _sure, place=place: ended(place, response),
            ).go()

    # --- rooms -----------------------------------------------------------------------------------

    def crash(self, room: str) -> None:
        """Make a room's process fail; what comes of it is told by facts."""
        self._tell_room(RoomRequest(room, "call", b'{"crash": {}}'), lambda _response: None)

    def quiz(self, room: str, keep: Keep, then: Callable[[int], None]) -> None:
        """Open a room that keeps its state so, and have some players answer one question in it;
        `then` hears how many answers it acknowledged."""
        words = [RoomRequest(room, "open", b"{}", keep=keep, again=True)]
        said = (short.ASK, *(short.answer(player + 1) for player in range(short.PLAYERS)))
        words += [RoomRequest(room, "call", word, again=True) for word in said]
        replies: list[bytes] = []

        def heard(reply: bytes) -> None:
            replies.append(reply)
            if len(replies) < len(words):
                self._insist(words[len(replies)], heard)
            else:
                then(sum(map(short.counted, replies)))

        self._insist(words[0], heard)

    def count(self, room: str, keep: Keep, acknowledged: int) -> None:
        """Ask such a room how many answers it has; a fact tells it."""

        def heard(reply: bytes) -> None:
            self._world.tell(RoomCounted(room, keep, acknowledged, short.held(reply)))
            self.counts += 1

        self._insist(RoomRequest(room, "call", short.COUNT, again=True), heard)

    def _insist(self, request: RoomRequest, then: Callable[[bytes], None]) -> None:
        """Ask until the room answers."""

        def heard(response: Response | None) -> None:
            if isinstance(response, RoomResponse):
                then(response.reply)
            else:
                self._world.after(200 * MS, lambda: self._insist(request, then))

        self._tell_room(request, heard)

    def _open(self, room: str, number: int) -> None:
        def opened(response: Response | None) -> None:
            if isinstance(response, RoomResponse):
                self._world.after(ROOM_EVERY_US, lambda: self._join(room, 1))
            else:
                self._world.after(SECOND, lambda: self._open(room, number))

        argument = b'{"title": "Question %d"}' % number
        self._tell_room(RoomRequest(room, "open", argument, "quiz"), opened)

    def _join(self, room: str, turn: int) -> None:
        """Players come one by one, then clap and look at the scores for as long as the world lasts."""

        def heard(_response: Response | None) -> None:
            self._world.after(ROOM_EVERY_US, lambda: self._join(room, turn + 1))

        player = turn % 24 + 1
        word = b'{"join": {"player": "player %d"}}' % player
        if turn > 24:
            word = b'{"scores": {}}'
        if turn > 24 and turn % 3 == 0:
            request = RoomRequest(room, "cast", b'{"cheer": {"player": "player %d"}}' % player)
        else:
            request = RoomRequest(room, "call", word, again=True)
        self._tell_room(request, heard)

    def _tell_room(self, request: RoomRequest, then: Callable[[Response | None], None]) -> None:
        name = self._rng.choice(self._nodes)
        over = False

        def once(response: Response | None) -> None:
            nonlocal over
            if not over:
                over = True
                then(response)

        self._world.after(2 * PATIENCE_US, lambda: once(None))
        self._world.ask(name, request, once)


class Errand:
    """One operation, asked of one node after the other."""

    def __init__(
        self,
        world: World,
        nodes: list[str],
        rng: Random,
        request: PutRequest | GetRequest,
        then: Callable[[Response | None, bool], None],
    ) -> None:
        self._world = world
        self._nodes = nodes
        self._rng = rng
        self._request = request
        self._then = then
        self._tries = 0
        self._unsure = False
        self._over = False

    def go(self) -> None:
        """The next try."""
        if self._tries >= TRIES_MAX:
            self._finish(None)
            return
        self._tries += 1
        tried = self._tries
        name = self._rng.choice(self._nodes)
        if self._world.host(name).node is None:
            self._world.after(MS, self.go)
            return

        def answered(response: Response | None) -> None:
            if self._over or self._tries != tried:
                return
            if isinstance(response, Refusal):
                self._world.after(20 * MS, self.go)
            elif response is None:
                self._unsure = True
                self.go()
            else:
                self._finish(response)

        def too_late() -> None:
            if not self._over and self._tries == tried:
                self._unsure = True
                self.go()

        self._world.after(PATIENCE_US, too_late)
        self._world.ask(name, self._request, answered)

    def _finish(self, response: Response | None) -> None:
        if not self._over:
            self._over = True
            unproven = isinstance(response, WriteResponse) and response.outcome != "ok"
            self._then(response, not self._unsure and not unproven)


def _key(place: int) -> bytes:
    return b"quiz/answer%d" % place
