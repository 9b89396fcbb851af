"""The clients of rooms: hosts that open them and ask, players that answer, against any node.

Each does one thing at a time. A room has one host, so the numbers of its questions rise; a player
answers a question at most once. Of the players every other one asks once and takes "nobody knows"
for an answer (what it may have scored is known to the point); the rest say that twice is the same as
once, and ask again, of other nodes too, until they are told. Some rooms are closed and opened again,
some keep nothing but their name, some crash.

Ignores whether answers are right: they go into the deeds, and to those who listen.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random
from typing import Any, Final, Protocol

from cluster.config import SECOND
from cluster.protocol.effects import Response
from cluster.protocol.messages import Refusal, RoomRequest, RoomResponse
from cluster.sim.rooms.deeds import CHOICES, Deed, Deeds, Room, points, right
from cluster.sim.rooms.options import RoomsDrawn
from cluster.sim.world import World

PATIENCE_US: Final = 6 * SECOND
"""A client waits this long for one node: longer than the node lets it wait."""
HURRY_US: Final = SECOND
"""And this long, if it may ask another node for the same."""
TRIES_MAX: Final = 4
RIGHT: Final = 0.8
"""Of the answers."""
CHEERS: Final = 0.15
LOOKS: Final = 0.1
"""Of what players do: asking for the scores."""
JOINS: Final = 0.05
CRASHES: Final = 0.01
"""Of what hosts do."""
CLOSES: Final = 0.1
"""Of what hosts do with a room that closes."""
OPENING_EASE: Final = 10
"""A host that still has rooms to open thinks so much less."""

Done = Callable[[Deed], None]


class Listener(Protocol):
    """Who wants to know of every try and every answer."""

    def asks(self, node: str, room: str) -> object:
        """A client asks a node; what is returned comes back with the answer."""
        ...

    def told(self, asked: object, deed: Deed, response: RoomResponse) -> None:
        """A room has answered."""
        ...


class RoomClients:
    """All clients of the rooms of one world."""

    def __init__(
        self, world: World, drawn: RoomsDrawn, nodes: list[str], listener: Listener
    ) -> None:
        self._world = world
        self._drawn = drawn
        self._nodes = nodes
        """Shared with who adds nodes."""
        self._listener = listener
        self.rooms: dict[str, Room] = {room.name: room for room in drawn.rooms()}
        self.deeds = Deeds()
        self.unanswered = 0
        """Tries that no node has answered yet."""
        self._asked: dict[str, int] = {}
        """The highest number that was asked in a room, perhaps in vain."""
        self._answered: dict[str, dict[str, int]] = {}
        """By player and room: the last question it has tried to answer."""
        self._shut: dict[str, None] = {}
        """Rooms that their host has to open (again)."""
        self._stopped = False

    def start(self) -> None:
        """Let all of them begin."""
        self._shut = dict.fromkeys(self.rooms)
        for number in range(1, self._drawn.hosts + 1):
            self._begin(f"host{number}", lambda rng, n=number: self._host(n, rng))
        for number in range(1, self._drawn.players + 1):
            self._begin(f"p{number}", lambda rng, n=number: self._player(n, rng))

    def _begin(self, name: str, then: Callable[[Random], None]) -> None:
        rng = self._world.dice.stream(f"rooms/{name}")
        self._world.after(rng.randrange(SECOND), lambda: then(rng))

    def stop(self) -> None:
        """No new wishes. What is under way ends as it may."""
        self._stopped = True

    def _later(self, rng: Random, ease: int, then: Callable[[Random], None]) -> None:
        think = int(rng.expovariate(1) * self._drawn.think_us) // ease
        self._world.after(think + 1, lambda: then(rng))

    # --- hosts ----------------------------------------------------------------------------------

    def _host(self, number: int, rng: Random) -> None:
        if self._stopped:
            return
        mine = list(self.rooms.values())[number - 1 :: self._drawn.hosts]
        closed = [room for room in mine if room.name in self._shut]
        ease = OPENING_EASE if closed else 1
        go_on: Done = lambda _deed: self._later(rng, ease, lambda r: self._host(number, r))  # noqa: E731
        name = f"host{number}"
        if closed:
            self._open(name, closed[0], rng, go_on)
            return
        if not mine:
            return
        room = rng.choice(mine)
        chance = rng.random()
        if room.closes and chance > 1 - CLOSES:
            self._shut[room.name] = None
            request = RoomRequest(room.name, "close")
            self._try(self._deed(name, room.name, "close"), request, rng, go_on)
        elif chance < CRASHES:
            deed = self._deed(name, room.name, "crash")
            self._try(deed, _call(room.name, {"crash": {}}), rng, go_on)
        else:
            self._ask(name, room.name, rng, go_on)

    def _open(self, host: str, room: Room, rng: Random, go_on: Done) -> None:
        def opened(deed: Deed) -> None:
            if deed.outcome == "ok":
                self._shut.pop(room.name, None)
            else:  # the next one first: this one may be out of reach
                self._shut[room.name] = self._shut.pop(room.name, None)
            go_on(deed)

        request = RoomRequest(room.name, "open", b"{}", "quiz", room.keep)
        deed = self._deed(host, room.name, "open")
        deed.again = True
        self._try(deed, request, rng, opened)

    def _ask(self, host: str, room: str, rng: Random, go_on: Done) -> None:
        number = self._asked.get(room, 0) + 1
        self._asked[room] = number
        question: dict[str, Any] = {
            "number": number,
            "question": "?",
            "choices": [str(choice) for choice in range(CHOICES)],
            "right": right(room, number),
            "points": points(room, number),
        }
        if rng.random() < 1 / 2:
            question["closes_ms"] = rng.randint(200, 20_000)
        deed = self._deed(host, room, "ask")
        deed.question, deed.again = number, True
        self._try(deed, _call(room, {"ask": question}, again=True), rng, go_on)

    # --- players --------------------------------------------------------------------------------

    def _player(self, number: int, rng: Random) -> None:
        if self._stopped:
            return
        name = f"p{number}"
        go_on: Done = lambda _deed: self._later(rng, 1, lambda r: self._player(number, r))  # noqa: E731
        asked = list(self._asked)
        if not asked:
            self._later(rng, 1, lambda r: self._player(number, r))
            return
        room = rng.choice(asked)
        answered = self._answered.setdefault(name, {})
        question = self._asked[room]
        chance = rng.random()
        if chance < CHEERS:
            request = RoomRequest(room, "cast", json.dumps({"cheer": {"player": name}}).encode())
            self._try(self._deed(name, room, "cheer"), request, rng, go_on)
        elif chance < CHEERS + JOINS:
            deed = self._deed(name, room, "join")
            self._try(deed, _call(room, {"join": {"player": name}}), rng, go_on)
        elif chance < CHEERS + JOINS + LOOKS or answered.get(room, 0) >= question:
            deed = self._deed(name, room, "scores")
            self._try(deed, _call(room, {"scores": {}}, again=True), rng, go_on)
        else:
            answered[room] = question
            self._answer(name, room, question, rng, go_on, again=number % 2 == 0)

    def _answer(
        self, player: str, room: str, number: int, rng: Random, go_on: Done, *, again: bool
    ) -> None:
        choice = right(room, number)
        worth = points(room, number)
        if rng.random() >= RIGHT:
            choice, worth = (choice + 1) % CHOICES, 0
        deed = self.deeds.begin(player, room, "answer", self._world.now, number, worth)
        deed.again = again
        body = {"answer": {"player": player, "question": number, "choice": choice}}
        self._try(deed, _call(room, body, again=again), rng, go_on)

    # --- one try --------------------------------------------------------------------------------

    def _deed(self, client: str, room: str, what: Any) -> Deed:
        return self.deeds.begin(client, room, what, self._world.now)

    def _try(self, deed: Deed, request: RoomRequest, rng: Random, then: Done) -> None:
        def after() -> None:
            if deed.outcome != "ok" and not self._stopped and self._may_retry(deed):
                self._world.after(rng.randrange(SECOND // 5), again)
            else:
                if deed.outcome == "pending":
                    deed.ended = self._world.now
                    deed.outcome = "maybe" if deed.unsure else "failed"
                then(deed)

        def again() -> None:
            self.ask(rng.choice(self._nodes), deed, request, after)

        again()

    def _may_retry(self, deed: Deed) -> bool:
        return deed.tries < TRIES_MAX and (deed.again or not deed.unsure)

    def ask(self, name: str, deed: Deed, request: RoomRequest, then: Callable[[], None]) -> None:
        """One try at one node; `then` is called once, when it is answered or given up."""
        world = self._world
        over = False

        def go_on() -> None:
            nonlocal over
            if not over:
                over = True
                then()

        asked = self._listener.asks(name, request.room)

        def answered(response: Response | None) -> None:
            self.unanswered -= 1
            self._told(asked, deed, response)
            go_on()

        deed.tries += 1
        if world.host(name).node is None:
            world.after(1_000, go_on)  # refused: it cannot have happened
            return
        deed.unsure += 1
        self.unanswered += 1
        hurried = deed.again and deed.tries < TRIES_MAX
        world.after(HURRY_US if hurried else PATIENCE_US, go_on)
        world.ask(name, request, answered)

    def _told(self, asked: object, deed: Deed, response: Response | None) -> None:
        match response:
            case RoomResponse():
                if deed.outcome != "ok":
                    deed.outcome, deed.ended = "ok", self._world.now
                deed.token = max(deed.token, response.token)
                if deed.what == "open":
                    self.deeds.opened[deed.room] = None
                elif deed.what == "answer":
                    said = json.loads(response.reply)
                    deed.counted = deed.counted or "right" in said
                self._listener.told(asked, deed, response)
            case Refusal(status=status):
                if status != 504:
                    deed.unsure -= 1
                if status in (404, 409) and not self.rooms[deed.room].closes:
                    self._shut[deed.room] = None  # its host sees to it
                if deed.outcome == "maybe" and not deed.unsure:
                    deed.outcome = "failed"
            case _:
                pass  # the node died before it answered


def _call(room: str, body: dict[str, Any], *, again: bool = False) -> RoomRequest:
    return RoomRequest(room, "call", json.dumps(body).encode(), again=again)
