"""Fencing tokens: nobody gets one twice, and who has seen a higher one is not served under a lower.

- A process announces a token of its own making: its node's name and life are part of it.
- No token is ever announced by two processes, in one life or two.
- Of all processes that are alive at any moment no two of one name hold the same.
- An answer of a room, given through one life of a node, bears no lower token than any answer that
  this life had given of that room before it was asked: split or not, a node that has seen a
  successor is not served by its predecessor. (A room that was closed begins anew.)

Where members only come and go, more is promised: a room that begins to serve is the only one of its
name that does. Ignores what the rooms know (`scores`), and where they should be (`names`).
"""

from __future__ import annotations

from msgspec import Struct

from cluster.model.facts import Fact, NameClaimed, NameWon, RoomStarted, SupervisorEscalated
from cluster.model.member import NodeId
from cluster.model.rooms.naming import NO_TOKEN, Token
from cluster.protocol.messages import RoomResponse
from cluster.protocol.rooms.process import Process
from cluster.sim.check.finding import BrokenPromiseError
from cluster.sim.rooms.deeds import Deed
from cluster.sim.world import World

Life = tuple[NodeId, int]


class Asked(Struct, frozen=True):
    """A try: through which life of which node, and the highest token that had answered through it."""

    life: Life
    before: Token


class Tokens:
    """The judge of tokens (`cluster.sim.rooms.clients.Listener`)."""

    def __init__(self, world: World, *, gentle: bool) -> None:
        self._world = world
        self._gentle = gentle
        self.closing: frozenset[str] = frozenset()
        """Rooms that begin anew (set by who makes the clients)."""
        self._told: dict[tuple[Life, str], Token] = {}
        """By life and room: the highest token of an answer."""
        self._had: dict[tuple[str, str, Token], None] = {}
        """What was announced: the kind of fact, the room, the token."""
        self.processes: dict[str, int] = {}
        """How many tokens each room has had."""
        self.given_up: dict[str, None] = {}
        """Rooms whose supervisor has had enough of them."""
        self.checked = 0

    # --- facts ----------------------------------------------------------------------------------

    def hear(self, fact: Fact) -> None:
        """One more fact."""
        match fact.payload:
            case RoomStarted(room, _, token):
                self._announced(fact, "started", room, token)
                self.given_up.pop(room, None)
                self.alive(room)
                if self._gentle:
                    self._alone(fact, room)
            case NameWon(room, token):
                self._announced(fact, "won", room, token)
                self.alive(room)
            case NameClaimed(room, token, over):
                self._announced(fact, "claimed", room, token)
                self.processes[room] = self.processes.get(room, 0) + 1
                if over >= token:
                    raise BrokenPromiseError(
                        "tokens", f"{fact.node} claims {room} under {token}, not above {over}"
                    )
            case SupervisorEscalated(level=2, room=room):
                self.given_up[room] = None
            case _:
                pass

    def _announced(self, fact: Fact, how: str, room: str, token: Token) -> None:
        self.checked += 1
        if (token.node, token.epoch) != (fact.node, fact.epoch):
            raise BrokenPromiseError(
                "tokens", f"{fact.node} has {how} {room} under a token of another life, {token}"
            )
        if (how, room, token) in self._had:
            raise BrokenPromiseError(
                "tokens", f"{fact.node} has {how} {room} under {token} for the second time"
            )
        self._had[how, room, token] = None

    # --- processes ------------------------------------------------------------------------------

    def look(self) -> None:
        """At every process of every room."""
        for room in self.processes:
            self.alive(room)

    def alive(self, room: str) -> None:
        """No two processes of a name hold one token, whichever of them are paused or cut off."""
        self.checked += 1
        held: dict[Token, NodeId] = {}
        for node, process in running(self._world, room):
            other = held.setdefault(process.token, node)
            if other != node:
                raise BrokenPromiseError(
                    "tokens", f"{other} and {node} both run {room} under {process.token}"
                )

    def _alone(self, fact: Fact, room: str) -> None:
        serving = [n for n, process in running(self._world, room) if process.status == "serving"]
        others = [node for node in serving if node != fact.node]
        if others:
            raise BrokenPromiseError(
                "twins",
                f"{fact.node} begins to serve {room} while {' '.join(others)} does, and nothing "
                "is wrong with anybody",
            )

    # --- answers --------------------------------------------------------------------------------

    def asks(self, node: str, room: str) -> Asked:
        """A client asks a node about a room."""
        host = self._world.host(node)
        life = (host.name, host.boots)
        return Asked(life, self._told.get((life, room), NO_TOKEN))

    def told(self, asked: object, deed: Deed, response: RoomResponse) -> None:
        """A room has answered."""
        assert isinstance(asked, Asked)
        if deed.room in self.closing:
            return
        self.checked += 1
        if response.token < asked.before:
            raise BrokenPromiseError(
                "fences",
                f"{deed.client} was answered by {deed.room} at {response.node} under token "
                f"{response.token}, through {asked.life[0]}, which had been answered under "
                f"{asked.before} before it was asked",
            )
        at = (asked.life, deed.room)
        self._told[at] = max(self._told.get(at, NO_TOKEN), response.token)


def running(world: World, room: str) -> list[tuple[NodeId, Process]]:
    """Every process of a name, of nodes that run or are paused."""
    return [
        (name, host.node.rooms.running[room])
        for name, host in world.hosts.items()
        if host.node is not None and room in host.node.rooms.running
    ]
