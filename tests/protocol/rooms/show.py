"""A world with rooms in it: opening, answering, asking for the scores, and who runs what."""

from __future__ import annotations

import json
from typing import Any

from cluster.model.member import NodeId
from cluster.model.rooms.naming import Keep, Token
from cluster.protocol.inputs import RequestId
from cluster.protocol.messages import Refusal, RoomRequest, RoomResponse
from cluster.protocol.rooms.process import Process
from tests.world import World

QUESTION = {"number": 1, "question": "?", "choices": ["a", "b"], "right": 0, "points": 10}


class Show:
    """Quiz rooms in a world."""

    def __init__(self, world: World) -> None:
        self.world = world

    def say(self, at: str, room: str, message: dict[str, Any], **extra: Any) -> dict[str, Any]:
        """A call that must be answered; its reply."""
        response = self.world.call(at, request(room, message, **extra), 8)
        assert isinstance(response, RoomResponse), response
        return json.loads(response.reply)

    def refused(self, at: str, room: str, message: dict[str, Any], **extra: Any) -> Refusal:
        """A call that must be refused."""
        response = self.world.call(at, request(room, message, **extra), 8)
        assert isinstance(response, Refusal), response
        return response

    def open(self, at: str, room: str, keep: Keep = "checkpoint") -> RoomResponse:
        """Open a room, and ask its first question."""
        response = self.world.call(at, RoomRequest(room, "open", b"{}", "quiz", keep), 8)
        assert isinstance(response, RoomResponse), response
        self.say(at, room, {"ask": QUESTION})
        return response

    def answer(self, at: str, room: str, player: str) -> int:
        """A right answer; the player's score."""
        said = self.say(at, room, {"answer": {"player": player, "question": 1, "choice": 0}})
        return said["score"]

    def answering(self, at: str, room: str, player: str) -> RequestId:
        """The same, without waiting."""
        body = {"answer": {"player": player, "question": 1, "choice": 0}}
        return self.world.ask(at, request(room, body))

    def scores(self, at: str, room: str) -> dict[str, int]:
        """What the room says everybody has."""
        return self.say(at, room, {"scores": {}})["scores"]

    def processes(self, room: str) -> list[tuple[NodeId, Process]]:
        """Every process of a name, on live nodes."""
        return [
            (node.name, node.rooms.running[room])
            for node in self.world.live()
            if room in node.rooms.running
        ]

    def runner(self, room: str) -> NodeId:
        """The one node that runs it."""
        found = self.processes(room)
        assert len(found) == 1, found
        return found[0][0]

    def token(self, room: str) -> Token:
        """Of its one process."""
        return self.processes(room)[0][1].token

    def home(self, room: str, at: str = "") -> NodeId | None:
        """Where a node believes that it belongs."""
        node = self.world.node(at) if at else self.world.live()[0]
        return node.rooms.homes.home(room)

    def settled(self, *rooms: str) -> bool:
        """Every room has one process, at its home, and serves."""
        for room in rooms:
            found = self.processes(room)
            if len(found) != 1 or found[0][1].status != "serving":
                return False
            if any(node.rooms.homes.home(room) != found[0][0] for node in self.world.live()):
                return False
        return True


def request(room: str, message: dict[str, Any], **extra: Any) -> RoomRequest:
    return RoomRequest(room, "call", json.dumps(message).encode(), **extra)
