"""Quiz rooms of the demonstration: hosts open them and ask, players answer, all through any node.

Each room has its own pace; together they ask `answers_per_s`. A question is asked when the last has
been answered by all, so that a room that is away falls behind and is not crowded when it is back.
Who gets no answer asks another node: answers to one question count once, whoever is asked. Ignores
what the nodes say of themselves; what was acknowledged is counted, the judges have other clients.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from random import Random
from typing import Any, Final

import msgspec
from msgspec import Struct

from cluster.api.client import PeerClient
from cluster.lab.slots import Door
from cluster.lab.witness import LabError
from cluster.model.member import NodeId
from cluster.model.rooms import short
from cluster.model.rooms.naming import Keep
from cluster.protocol.messages import Refusal, RoomRequest, RoomResponse

PATIENCE_S: Final = 1.5
"""Before another node is asked: longer than a handoff, shorter than an audience's."""
OPEN_AGAIN_S: Final = 0.2
_encode: Final = msgspec.json.Encoder().encode
_QUESTIONS: Final = (
    ("Which of these forgets?", ("a disk", "a process", "a rumour", "a ring")),
    ("Who decides?", ("the master", "a majority", "nobody", "the lab")),
    ("How many copies of a key?", ("one", "two", "three", "five")),
    ("What outlives a crash?", ("a pid", "a checkpoint", "a mailbox", "a timer")),
    ("What does a token fence off?", ("the older", "the newer", "the slower", "everybody")),
)


class RoomsOptions(Struct, frozen=True):
    """How many rooms, how busy."""

    rooms: int = 40
    """0: none is opened."""
    answers_per_s: float = 20.0
    """In all rooms together."""
    players: int = 6
    """In each."""
    tries_max: int = 4
    """Nodes that one message may be tried at."""
    openings_max: int = 50
    """How often a room that nobody opens is asked for."""
    opening: int = 8
    """Rooms opened at once."""
    in_flight_max: int = 64
    """Messages under way; what comes due beyond that is left out."""


class RoomPlayers:
    """Hosts and players of all rooms. `doors` says where nodes are now."""

    def __init__(
        self,
        options: RoomsOptions,
        random: Random,
        doors: Callable[[], Sequence[Door]],
        cluster: str,
    ) -> None:
        self.options = options
        self.answered = self.failed = 0
        self._random = random
        self._doors = doors
        self._cluster = cluster
        self._clients: dict[NodeId, PeerClient] = {}
        self._questions: dict[str, int] = {}
        """The question that each open room is at."""
        self._waiting: list[tuple[str, str]] = []
        """Who answers next: room and player."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Open the rooms and begin to play."""
        if self.options.rooms:
            self._loop = asyncio.get_running_loop().create_task(self._play())

    async def stop(self) -> None:
        """Give up what is under way and hang up."""
        tasks = [*self._tasks, *([self._loop] if self._loop is not None else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        clients, self._clients = self._clients, {}
        for client in clients.values():
            await client.close()

    async def _play(self) -> None:
        gate = asyncio.Semaphore(self.options.opening)

        async def open_one(room: str) -> None:
            async with gate:
                # To open a room that is open finds it: asking again does no harm.
                for _ in range(self.options.openings_max):
                    if await self._say(RoomRequest(room, "open", b"{}", again=True)):
                        self._questions[room] = 0
                        return
                    await asyncio.sleep(OPEN_AGAIN_S)

        names = [f"room-{number}" for number in range(1, self.options.rooms + 1)]
        await asyncio.gather(*map(open_one, names))
        pause = 1 / self.options.answers_per_s
        while self._questions:
            await asyncio.sleep(pause)
            if len(self._tasks) < self.options.in_flight_max:
                task = asyncio.get_running_loop().create_task(self._turn())
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def _turn(self) -> None:
        """The next player answers; when all of a round have, every room has a new question."""
        if not self._waiting:
            self._waiting = [
                (room, f"player-{player}")
                for room in self._questions
                for player in range(1, self.options.players + 1)
            ]
            self._random.shuffle(self._waiting)
            for room in self._questions:
                self._questions[room] += 1
        room, player = self._waiting.pop()
        number = self._questions[room]
        text, choices = _QUESTIONS[number % len(_QUESTIONS)]
        answer = {"player": player, "question": number, "choice": self._random.randrange(4)}
        # Asking for a question that stands already changes nothing: who comes first asks it.
        right = number % len(choices)
        ask = {"number": number, "question": text, "choices": choices, "right": right}
        if await self._call(room, {"ask": ask}) and await self._call(room, {"answer": answer}):
            self.answered += 1
        else:
            self.failed += 1

    async def crash(self, room: str) -> None:
        """Make a room's process fail."""
        await self._say(RoomRequest(room, "call", _encode({"crash": {}})))

    async def quiz(self, room: str, keep: Keep) -> int:
        """Open a room that keeps its state so, and have some players answer one question in it: how
        many of their answers it acknowledged. Raises LabError when it cannot be opened."""
        await self._insist(RoomRequest(room, "open", b"{}", keep=keep, again=True))
        await self._insist(RoomRequest(room, "call", short.ASK, again=True))
        replies = [
            await self._insist(RoomRequest(room, "call", short.answer(player), again=True))
            for player in range(1, short.PLAYERS + 1)
        ]
        return sum(map(short.counted, replies))

    async def count(self, room: str) -> int:
        """Ask a room how many answers it has. Raises LabError when it does not say."""
        return short.held(await self._insist(RoomRequest(room, "call", short.COUNT, again=True)))

    async def _insist(self, request: RoomRequest) -> bytes:
        """What a room answers, asked until it does."""
        for _ in range(self.options.openings_max):
            answer = await self._asked(request)
            if isinstance(answer, RoomResponse):
                return answer.reply
            await asyncio.sleep(OPEN_AGAIN_S)
        raise LabError(f"{request.room} does not answer: see `:rooms` who runs it.")

    async def _call(self, room: str, message: dict[str, Any]) -> bool:
        return await self._say(RoomRequest(room, "call", _encode(message), again=True))

    async def _say(self, request: RoomRequest) -> bool:
        """Ask one node, then others; whether any answered."""
        return isinstance(await self._asked(request), RoomResponse)

    async def _asked(self, request: RoomRequest) -> RoomResponse | None:
        doors = list(self._doors())
        self._random.shuffle(doors)
        for door in doors[: self.options.tries_max]:
            answer: RoomResponse | Refusal = await self._client(door).room(request)
            if isinstance(answer, RoomResponse):
                return answer
            if answer.status < 500:
                return None
        return None

    def _client(self, door: Door) -> PeerClient:
        client = self._clients.get(door.name)
        if client is None or client.address != door.gossip:
            client = PeerClient(door.gossip, cluster=self._cluster, timeout_s=PATIENCE_S)
            self._clients[door.name] = client
        return client
