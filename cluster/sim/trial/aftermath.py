"""After the faults: everything is healed, the load stops, and progress is demanded in order.

One view (T1), every owner readable, no hint waits (T2), equal replicas (T3), every key readable
from every node, all incidents closed; each within its bound of `SimConfig`, each measured. A demand
that is not met says who lags and in what.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from cluster.config import MS, SECOND
from cluster.model.member import NodeId
from cluster.model.ring import partition_of
from cluster.model.rooms.naming import room_key
from cluster.model.versions import Versions
from cluster.protocol.effects import Response
from cluster.protocol.messages import GetRequest, ReadResponse
from cluster.protocol.node import Node
from cluster.sim.check.answers import Answers
from cluster.sim.check.exact import Exact
from cluster.sim.check.finding import BrokenPromiseError, shown
from cluster.sim.check.incidents import Incidents
from cluster.sim.check.judged import Judged
from cluster.sim.check.outcome import Outcome
from cluster.sim.config import SimConfig
from cluster.sim.faults.hand import Hand
from cluster.sim.load.clients import Clients
from cluster.sim.load.history import History
from cluster.sim.rooms.part import RoomsPart
from cluster.sim.world import World

LOOK_US = 100 * MS
"""A demand is looked at this often: each look costs a step for every key."""
Place = tuple[NodeId, bytes]
"""A node that is asked for a key."""


class Stage(Protocol):
    """What the aftermath needs of a trial."""

    world: World
    hand: Hand
    clients: Clients
    answers: Answers
    outcome: Outcome
    exact: Exact
    judged: Judged
    incidents: Incidents
    rooms: RoomsPart

    @property
    def history(self) -> History:
        """What the clients did."""
        ...


class Aftermath:
    """The liveness phase of one world."""

    def __init__(self, stage: Stage, bounds: SimConfig) -> None:
        self._stage = stage
        self._bounds = bounds
        self.took: dict[str, int] = {}

    def judge(self) -> None:
        """Heal everything, then demand one thing after the other."""
        stage, bounds = self._stage, self._bounds
        stage.clients.stop()
        stage.rooms.clients.stop()
        stage.hand.heal()
        self._demand("answered", self._quiet, bounds.answered_within_us, self._who_waits)
        self._demand("one view", self.agreed, bounds.agreed_within_us, self._who_disagrees)
        self._demand("readable", self._filled, bounds.filled_within_us, self._who_fills)
        self._demand("named", self._named, bounds.named_within_us, self._who_is_not)
        stage.rooms.judge(self._running())
        self._demand("no hints", self._drained, bounds.hints_within_us, self._who_keeps)
        self._demand("equal", self._equal, bounds.equal_within_us, self._what_differs)
        self._read_all()
        stage.answers.unwritten()
        self._demand("closed", self._closed, bounds.closed_within_us, lambda: "")

    def _demand(
        self, what: str, met: Callable[[], bool], within_us: int, why: Callable[[], str]
    ) -> None:
        world = self._stage.world
        start = world.now
        while not met():
            if world.now - start >= within_us:
                self._stage.incidents.closed() if what == "closed" else None
                raise BrokenPromiseError(
                    "liveness", f"{within_us / SECOND:g} s after {self._after()}: {why()}"
                )
            world.run(world.now + LOOK_US)
        self.took[what] = world.now - start

    def _after(self) -> str:
        done = list(self.took)
        return f"the cluster had reached {done[-1]!r}" if done else "everything was healed"

    def _running(self) -> list[Node]:
        hosts = self._stage.world.hosts
        found = [hosts[NodeId(name)].node for name in self._stage.hand.expected]
        return [node for node in found if node is not None]

    # --- clients -------------------------------------------------------------------------------

    def _quiet(self) -> bool:
        return not (self._stage.clients.unanswered or self._stage.rooms.clients.unanswered)

    def _who_waits(self) -> str:
        stage = self._stage
        rooms = stage.rooms.clients.unanswered
        return f"{stage.clients.unanswered} requests and {rooms} calls of rooms have no answer"

    # --- one view ------------------------------------------------------------------------------

    def agreed(self) -> bool:
        """Every node that should run does, and all hold one view and one ring, of exactly them."""
        nodes = self._running()
        if len(nodes) != len(self._stage.hand.expected):
            return False
        names = tuple(sorted(node.name for node in nodes))
        view = nodes[0].members.digest()
        return all(
            node.members.digest() == view and node.placement.ring.members == names for node in nodes
        )

    def _who_disagrees(self) -> str:
        nodes = self._running()
        missing = set(self._stage.hand.expected) - {node.name for node in nodes}
        if missing:
            return f"{' '.join(sorted(missing))} does not run"
        rows = [
            f"{node.name}: view {node.members.digest()}, ring of {len(node.placement.ring.members)}"
            for node in nodes
        ]
        return f"there is no one view of all; {'; '.join(rows)}"

    # --- readable, no hints --------------------------------------------------------------------

    def _filled(self) -> bool:
        return self.agreed() and not any(node.transfers.filling for node in self._running())

    def _who_fills(self) -> str:
        filling = [
            f"{node.name} still fills {len(node.transfers.filling)} partitions"
            for node in self._running()
            if node.transfers.filling
        ]
        return "; ".join(filling) or self._who_disagrees()

    def _named(self) -> bool:
        return not self._stage.rooms.names.trouble(self._running())

    def _who_is_not(self) -> str:
        return self._stage.rooms.names.trouble(self._running())

    def _drained(self) -> bool:
        hosts = self._stage.world.hosts
        return not any(node.hints.depths() for node in self._running()) and not any(
            hosts[NodeId(name)].disk.durable.hints for name in self._stage.hand.expected
        )

    def _who_keeps(self) -> str:
        rows: list[str] = []
        for node in self._running():
            disk = self._stage.world.hosts[node.name].disk
            kept = {d.target: d.count for d in node.hints.depths()}
            if kept or disk.durable.hints:
                rows.append(f"{node.name} keeps {kept or 0}, {len(disk.durable.hints)} on disk")
        return f"hints wait: {'; '.join(rows)}"

    # --- equal replicas ------------------------------------------------------------------------

    def _partition(self, key: bytes) -> int:
        return partition_of(key, self._stage.world.config.ring.partitions)

    def _held(self, key: bytes) -> dict[NodeId, Versions | None]:
        """What each owner of a key has on disk."""
        partition = self._partition(key)
        owners = self._running()[0].placement.ring.owners[partition]
        hosts = self._stage.world.hosts
        found: dict[NodeId, Versions | None] = {}
        for owner in owners:
            record = hosts[owner].disk.record(partition, key)
            found[owner] = record.versions if record is not None else None
        return found

    def _differing(self) -> list[bytes]:
        different: list[bytes] = []
        rooms = [room_key(room) for room in self._stage.rooms.clients.rooms]
        for key in (*self._stage.history.writes, *rooms):
            held = list(self._held(key).values())
            if any(versions != held[0] for versions in held):
                different.append(key)
        return different

    def _equal(self) -> bool:
        return not self._differing()

    def _what_differs(self) -> str:
        different = self._differing()
        key = different[0]
        rows = [
            f"{name} has {len(v.siblings) if v is not None else 'no'} siblings"
            for name, v in self._held(key).items()
        ]
        return (
            f"{len(different)} keys differ between their owners, as {shown(key)}: {'; '.join(rows)}"
        )

    # --- reading everything --------------------------------------------------------------------

    def _read_all(self) -> None:
        """Every key from every node; the answers are judged. Who cannot answer is asked again."""
        world = self._stage.world
        start = world.now
        told: dict[Place, Response | None] = {}
        wanted = [(n.name, key) for n in self._running() for key in self._stage.history.writes]
        while wanted and world.now - start < self._bounds.answered_within_us:
            heard = self._read(wanted)
            told.update(heard)
            wanted = [place for place in wanted if not isinstance(told.get(place), ReadResponse)]
        final: dict[bytes, Versions] = {}
        for (name, key), response in told.items():
            final[key] = self._judge_read(name, key, response)
        self._stage.judged.judge(final)
        self.took["read"] = world.now - start

    def _read(self, wanted: list[Place]) -> dict[Place, Response | None]:
        """Ask for all of them at once, and wait until every one is answered."""
        world = self._stage.world
        heard: dict[Place, Response | None] = {}

        def ask(place: Place) -> None:
            world.ask(
                place[0],
                GetRequest(place[1]),
                lambda response: heard.update({place: response}),
            )

        for place in wanted:
            ask(place)
        world.until(lambda: len(heard) == len(wanted), self._bounds.answered_within_us)
        return heard

    def _judge_read(self, name: NodeId, key: bytes, response: Response | None) -> Versions:
        if not isinstance(response, ReadResponse):
            raise BrokenPromiseError(
                "liveness", f"{name} cannot read {shown(key)} although all is healed: {response}"
            )
        self._stage.answers.siblings(key, response.versions, f"the last read at {name}")
        self._stage.outcome.judge(key, response.versions, name)
        self._stage.exact.judge(key, response.versions, f"the last read at {name}")
        return response.versions

    def _closed(self) -> bool:
        return not self._stage.incidents.open()
