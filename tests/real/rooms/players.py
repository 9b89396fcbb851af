"""Quiz rooms under load: hosts ask, players answer, at whatever node serves, and keep the score.

A player that gets no answer asks again, for an answer to a question is counted once; so each answer
ends acknowledged, refused, or unknown. `lost` says which acknowledged ones the rooms have forgotten.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from random import Random
from typing import Any

from cluster.api.client import PeerClient
from cluster.lab.slots import Door
from cluster.protocol.messages import Refusal, RoomRequest, RoomResponse

PLAYERS = 8
POINTS = 10
OPENING = 64
"""Rooms opened at once."""


class Room:
    """What its players know of one room."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.question = 0
        self.acknowledged: dict[str, int] = {}
        self.unknown: dict[str, int] = {}
        self.node = ""


class Players:
    """All clients of some rooms."""

    def __init__(self, doors: Callable[[], tuple[Door, ...]], cluster: str, seed: int) -> None:
        self._doors = doors
        self._cluster = cluster
        self._rng = Random(seed)
        self._clients: dict[str, PeerClient] = {}
        self.rooms: list[Room] = []
        self.answered = self.failed = 0
        self.latencies: list[float] = []
        self.why: dict[str, int] = {}
        """Of the calls that failed."""
        self._playing: list[asyncio.Task[None]] = []
        self._stop = False
        self.news = asyncio.Event()
        """Set with every answer."""

    def _client(self) -> PeerClient:
        door = self._rng.choice(self._doors())
        client = self._clients.get(door.gossip)
        if client is None:
            client = PeerClient(door.gossip, cluster=self._cluster, timeout_s=6)
            self._clients[door.gossip] = client
        return client

    async def say(self, room: Room, message: dict[str, Any], tries: int = 4) -> Any:
        """One call, at other nodes if need be; the reply, or the last `Refusal`."""
        body = json.dumps(message).encode()
        return await self._call(room, RoomRequest(room.name, "call", body, again=True), tries)

    async def _call(self, room: Room, request: RoomRequest, tries: int) -> Any:
        answer: RoomResponse | Refusal = Refusal(503, "nobody", "not asked")
        for _ in range(tries):
            answer = await self._client().room(request)
            if isinstance(answer, RoomResponse):
                room.node = answer.node
                return json.loads(answer.reply or b"{}")
            if answer.status < 500:
                break
            await asyncio.sleep(0.05)
        return answer

    async def open(self, count: int) -> float:
        """Open so many rooms; returns the seconds it took."""
        gate = asyncio.Semaphore(OPENING)
        loop = asyncio.get_running_loop()
        began = loop.time()

        async def one(room: Room) -> None:
            async with gate:
                said = await self._call(room, RoomRequest(room.name, "open", b"{}"), 10)
                assert not isinstance(said, Refusal), said

        self.rooms = [Room(f"room-{i}") for i in range(1, count + 1)]
        await asyncio.gather(*map(one, self.rooms))
        return loop.time() - began

    def play(self, actors: int) -> None:
        """Let so many clients play until `stop`."""
        self._stop = False
        loop = asyncio.get_running_loop()
        shares = [self.rooms[i::actors] for i in range(actors)]
        self._playing = [loop.create_task(self._actor(share)) for share in shares if share]

    async def stop(self) -> None:
        """End the play; what is under way is waited for."""
        self._stop = True
        await asyncio.gather(*self._playing)
        self._playing = []

    async def _actor(self, rooms: list[Room]) -> None:
        rng = Random(self._rng.random())
        loop = asyncio.get_running_loop()
        while not self._stop:
            room = rng.choice(rooms)
            number = room.question + 1
            ask = {"number": number, "question": "?", "choices": ["a", "b"], "right": 0}
            if isinstance(await self.say(room, {"ask": ask}), Refusal):
                self.failed += 1
                continue
            room.question = number
            for player in [f"p{i}" for i in range(PLAYERS)]:
                if self._stop:
                    return
                answer = {"player": player, "question": number, "choice": 0}
                began = loop.time()
                said = await self.say(room, {"answer": answer})
                if isinstance(said, Refusal):
                    self.failed += 1
                    self.why[said.error] = self.why.get(said.error, 0) + 1
                    room.unknown[player] = room.unknown.get(player, 0) + 1
                elif "late" in said:
                    self.failed += 1
                    self.why["late"] = self.why.get("late", 0) + 1
                else:
                    self.answered += 1
                    self.news.set()
                    self.latencies.append(loop.time() - began)
                    room.acknowledged[player] = room.acknowledged.get(player, 0) + 1
                await asyncio.sleep(0)

    async def lost(self) -> list[str]:
        """Which acknowledged answers are not there, and which are there too often."""
        gate = asyncio.Semaphore(OPENING)
        wrong: list[str] = []

        async def one(room: Room) -> None:
            async with gate:
                said = await self.say(room, {"scores": {}}, 20)
            if isinstance(said, Refusal):
                wrong.append(f"{room.name}: {said}")
                return
            for player, count in sorted(room.acknowledged.items()):
                score = said["scores"].get(player, 0) // POINTS
                if not count <= score <= count + room.unknown.get(player, 0):
                    wrong.append(f"{room.name}: {player} has {score} of {count}")

        await asyncio.gather(*map(one, self.rooms))
        return sorted(wrong)

    async def serving_after(self, rooms: list[Room]) -> list[float]:
        """Ask each of these at once; the seconds until each has answered."""
        loop = asyncio.get_running_loop()
        began = loop.time()

        async def one(room: Room) -> float:
            while isinstance(await self.say(room, {"scores": {}}), Refusal):
                assert loop.time() - began < 60, room.name
            return loop.time() - began

        return list(await asyncio.gather(*map(one, rooms)))

    async def close(self) -> None:
        """Hang up."""
        for client in self._clients.values():
            await client.close()
