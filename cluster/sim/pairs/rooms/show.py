"""Quiz rooms on a pair's stage: opening them, scoring in them, asking what they show.

Every answer is right, brings the same points and comes from a player of its own, so that what a
room shows is comparable to the point with what was acknowledged.
"""

from __future__ import annotations

import json
from typing import Any, Final

from cluster.model.member import NodeId
from cluster.model.rooms.naming import Keep
from cluster.protocol.messages import RoomRequest, RoomResponse
from cluster.protocol.rooms.process import Process
from cluster.sim.pairs.stage import Stage, StageError

POINTS: Final = 10
OPEN_QUESTION: Final = {
    "number": 1,
    "question": "What is the capital of Australia?",
    "choices": ["Sydney", "Canberra"],
    "right": 1,
    "points": POINTS,
}


class Show:
    """The rooms of one way."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._players = 0
        self.acknowledged: dict[str, int] = {}
        """Points that clients were told of, by room."""

    def open(self, room: str, keep: Keep, behaviour: str = "quiz") -> None:
        """A room and its question. Raises StageError if it cannot be opened."""
        at = self._stage.names[0]
        self._stage.order(at, RoomRequest(room, "open", b"{}", behaviour, keep))
        self._stage.order(at, call(room, {"ask": OPEN_QUESTION}))
        self.acknowledged[room] = 0

    def score(self, asks: list[tuple[str, str]]) -> int:
        """One answer each, of a new player, at a node and for a room; how many were acknowledged."""
        requests: list[tuple[str, RoomRequest]] = []
        for at, room in asks:
            self._players += 1
            body = {"player": f"player-{self._players}", "question": 1, "choice": 1}
            requests.append((at, call(room, {"answer": body})))
        done = 0
        for (_, room), answer in zip(asks, self._stage.load(requests), strict=True):
            if isinstance(answer.response, RoomResponse):
                said = json.loads(answer.response.reply)
                if said.get("right") and not said["again"]:
                    self.acknowledged[room] += POINTS
                    done += 1
        return done

    def shown(self, at: str, room: str) -> tuple[int, RoomResponse]:
        """All points of a room as a node's client is told them, and that answer."""
        response = self._stage.call(at, call(room, {"scores": {}}, again=True))
        if not isinstance(response, RoomResponse):
            raise StageError(f"{room} does not answer at {at}: {response}")
        return sum(json.loads(response.reply)["scores"].values()), response

    def processes(self, room: str) -> list[tuple[NodeId, Process]]:
        """Every process of a name."""
        return [
            (node.name, node.rooms.running[room])
            for node in self._stage.nodes()
            if room in node.rooms.running
        ]

    def serves_once(self, room: str) -> bool:
        """One process, which serves, where every node believes its home to be."""
        found = self.processes(room)
        if len(found) != 1 or found[0][1].status != "serving":
            return False
        return all(node.rooms.homes.home(room) == found[0][0] for node in self._stage.nodes())


def call(room: str, body: dict[str, Any], *, again: bool = False) -> RoomRequest:
    """A call of a quiz."""
    return RoomRequest(room, "call", json.dumps(body).encode(), again=again)
