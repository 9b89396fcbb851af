"""The rooms of one trial: their clients and judges, and what they owe when all is healed."""

from __future__ import annotations

from cluster.model.facts import Fact
from cluster.protocol.effects import Response
from cluster.protocol.messages import RoomRequest, RoomResponse
from cluster.protocol.node import Node
from cluster.sim.check.finding import BrokenPromiseError
from cluster.sim.config import SimConfig
from cluster.sim.faults.options import Options
from cluster.sim.rooms.clients import RoomClients
from cluster.sim.rooms.names import Names
from cluster.sim.rooms.scores import Scores, ask_for_scores
from cluster.sim.rooms.tokens import Tokens
from cluster.sim.world import World


class RoomsPart:
    """Rooms in a world that is judged. Does nothing in one that has none."""

    def __init__(self, world: World, options: Options, nodes: list[str], bounds: SimConfig) -> None:
        self._world = world
        self._bounds = bounds
        self.any = bool(options.rooms.count)
        self.tokens = Tokens(world, gentle=options.gentle)
        self.clients = RoomClients(world, options.rooms, nodes, self.tokens)
        rooms = self.clients.rooms.values()
        self.tokens.closing = frozenset(room.name for room in rooms if room.closes)
        self.names = Names(world, self.clients, self.tokens, bounds.named_within_us)
        self.scores = Scores(self.clients.deeds, self.tokens.processes)

    def start(self) -> None:
        """Let the clients begin."""
        if self.any:
            self.clients.start()

    def hear(self, fact: Fact) -> None:
        """One more fact."""
        self.tokens.hear(fact)

    def look(self, *, calm: bool) -> None:
        """Now and then while the load runs."""
        if self.any:
            self.tokens.look()
            self.names.look(calm=calm)

    def judge(self, nodes: list[Node]) -> None:
        """All is healed and every name has its process: what do they say, and what do they know?"""
        if not self.any:
            return
        self.names.rolls(nodes, self._bounds.answered_within_us)
        for index, room in enumerate(self.names.open):
            node = nodes[index % len(nodes)].name
            reply = self._ask(node, room)
            self.scores.judge(self.clients.rooms[room], reply, node)

    def _ask(self, node: str, room: str) -> bytes:
        """The scores. A room may still be taking a checkpoint; its node says so within its time."""
        heard: list[Response | None] = []
        self._world.ask(node, RoomRequest(room, "call", ask_for_scores()), heard.append)
        self._world.until(lambda: bool(heard), self._bounds.answered_within_us)
        if not heard or not isinstance(heard[0], RoomResponse):
            raise BrokenPromiseError(
                "names", f"{node} has no answer from {room} although all is healed: {heard}"
            )
        return heard[0].reply

    def checked(self) -> dict[str, int]:
        """How many times each judge judged; nothing where there are no rooms."""
        if not self.any:
            return {}
        return {
            "names": self.names.checked,
            "scores": self.scores.checked,
            "tokens": self.tokens.checked,
        }
