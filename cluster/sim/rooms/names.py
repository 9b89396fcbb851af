"""Names: in a healed world every room that is open runs once, at its home, and all nodes say so.

Open is what a client was told is open and whose host did not close it since; given up by its
supervisor it may rest. No room has two processes, whether or not it should be there. While the
schedule leaves a cluster alone for long enough that all of it agrees, no name has two that serve.

Mailboxes stay within their bound. Ignores what the rooms know (`scores`).
"""

from __future__ import annotations

from functools import partial
from typing import Final

from cluster.config import MS, SECOND
from cluster.protocol.effects import Response, RoomsRoll
from cluster.protocol.inputs import RoomsQuery
from cluster.protocol.node import Node
from cluster.sim.check.finding import BrokenPromiseError
from cluster.sim.rooms.clients import RoomClients
from cluster.sim.rooms.tokens import Tokens, running
from cluster.sim.world import World

ROLLS_US: Final = 100 * MS
"""Nodes that do not say the same yet are asked again after this."""


class Names:
    """The judge of who runs what."""

    def __init__(
        self, world: World, clients: RoomClients, tokens: Tokens, twins_within_us: int
    ) -> None:
        self._world = world
        self._clients = clients
        self._tokens = tokens
        self._twins_within_us = twins_within_us
        self._calm_since = -1
        self.checked = 0

    # --- while it runs --------------------------------------------------------------------------

    def look(self, *, calm: bool) -> None:
        """Now; `calm`: nothing is being done to the cluster and all of it agrees."""
        if not calm:
            self._calm_since = -1
        elif self._calm_since < 0:
            self._calm_since = self._world.now
        elif self._world.now - self._calm_since >= self._twins_within_us:
            self._no_twins()
        self._mailboxes()

    def _no_twins(self) -> None:
        for room in self._clients.rooms:
            self.checked += 1
            found = running(self._world, room)
            serving = [node for node, process in found if process.status == "serving"]
            if len(serving) > 1:
                raise BrokenPromiseError(
                    "twins",
                    f"{' and '.join(serving)} serve {room}, and for "
                    f"{(self._world.now - self._calm_since) / SECOND:g} s nothing was wrong",
                )

    def _mailboxes(self) -> None:
        limit = self._world.config.rooms.mailbox_max
        for host in self._world.hosts.values():
            if host.node is None:
                continue
            rooms = host.node.rooms
            loads = [(name, process.load) for name, process in rooms.running.items()]
            loads += [(name, len(claim.queue)) for name, claim in rooms.claims.open.items()]
            self.checked += len(loads)
            for name, load in loads:
                if load > limit:
                    raise BrokenPromiseError(
                        "bounds", f"{load} messages wait in {name} at {host.name}, of {limit}"
                    )

    # --- in the end -----------------------------------------------------------------------------

    @property
    def open(self) -> list[str]:
        """Rooms that must run."""
        rooms = self._clients.rooms
        return [
            room
            for room in self._clients.deeds.opened
            if not rooms[room].closes and room not in self._tokens.given_up
        ]

    def settled(self, nodes: list[Node]) -> bool:
        """Every room that is open has one process, which serves at its home; none has two."""
        return not self.trouble(nodes)

    def trouble(self, nodes: list[Node]) -> str:
        """The first of what is not as it should be, or nothing."""
        must = set(self.open)
        for room in self._clients.rooms:
            found = running(self._world, room)
            where = [f"{node} ({process.status} under {process.token})" for node, process in found]
            if any(room in node.rooms.claims.open for node in nodes):
                return f"{room} is not settled: {_claims(nodes, room)}"
            if len(found) > 1:
                return f"{room} has {len(found)} processes: {', '.join(where)}"
            if not found:
                if room in must:
                    return f"{room} runs nowhere; {_claims(nodes, room)}"
                continue
            ((runs, process),) = found
            if process.status != "serving":
                return f"{room} does not serve: {where[0]}"
            homes = sorted({str(node.rooms.homes.home(room)) for node in nodes})
            if homes != [runs]:
                return f"{room} runs at {runs}, and its home is {' or '.join(homes)}"
        return ""

    def rolls(self, nodes: list[Node], within_us: int) -> None:
        """Every node comes to say the same of all rooms.

        Within a time, not at once: a message that a lost segment held up may be the last word of a
        client that has long gone, and have a room crash or be looked for while they are asked.
        """
        end = self._world.now + within_us
        while trouble := self._differing(nodes, end):
            if self._world.now >= end:
                raise BrokenPromiseError(
                    "names", f"{trouble}, {within_us / SECOND:g} s after all was healed"
                )
            self._world.run(self._world.now + ROLLS_US)

    def _differing(self, nodes: list[Node], end: int) -> str:
        """What the nodes do not say alike of all rooms, if anything."""
        asked: list[str] = [node.name for node in nodes]
        heard: dict[str, Response | None] = {}
        for name in asked:
            self._ask(name, heard)
        self._world.until(partial(_all_in, asked, heard), max(0, end - self._world.now))
        said: dict[str, list[tuple[str, str]]] = {}
        for name in asked:
            roll = heard.get(name)
            if not isinstance(roll, RoomsRoll) or roll.silent:
                return f"{name} cannot tell all rooms"
            said[name] = [(row.room, f"{at} under {row.token}") for at, row in roll.rooms]
        first = asked[0]
        for name, rows in said.items():
            self.checked += len(rows)
            if rows != said[first]:
                odd = min(set(rows) ^ set(said[first]))
                return f"{first} and {name} differ about {odd[0]}: {odd[1]}"
        listed = [room for room, _ in said[first]]
        for room in self.open:
            if listed.count(room) != 1:
                return f"all nodes list {room} {listed.count(room)} times"
        return ""

    def _ask(self, name: str, heard: dict[str, Response | None]) -> None:
        def told(response: Response | None) -> None:
            heard[name] = response

        self._world.ask(name, RoomsQuery(), told)


def _all_in(asked: list[str], heard: dict[str, Response | None]) -> bool:
    return len(heard) == len(asked)


def _claims(nodes: list[Node], room: str) -> str:
    claims = [
        f"{node.name} is {node.rooms.claims.open[room].step}"
        for node in nodes
        if room in node.rooms.claims.open
    ]
    known = [node.name for node in nodes if room in node.rooms.names.known]
    return f"{', '.join(claims) or 'nobody claims it'}, known to {' '.join(known) or 'nobody'}"
