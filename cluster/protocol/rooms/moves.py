"""How a room goes to another node alive: with its state, while its messages wait.

The giver stops serving, lets the checkpoint under way end, and sends all that the process knows. The
receiver claims the name above it, or merges it into its own process of that name, and says so when
that is on W disks; only then does the giver's process end, answer whom it still owed an answer, and
send on who came meanwhile. The state is sent again until somebody says that he has it; where the
receiver is lost, the name is claimed anew, for nobody knows what the lost one had written.

A node gives its rooms away one after the other at a bounded rate, and only those that belong
elsewhere. Ignores what the receiver does with them (`claims`).
"""

from __future__ import annotations

from collections.abc import Callable

from cluster.config import SECOND
from cluster.model.facts import NameLost, RoomMoveBegan, RoomMoved, RoomStayed
from cluster.model.member import NodeId
from cluster.model.rooms.naming import Token
from cluster.protocol.messages import RoomGive, RoomResponse, RoomTaken
from cluster.protocol.outbox import Outbox
from cluster.protocol.rooms.hall import Hall
from cluster.protocol.rooms.process import Process
from cluster.protocol.swim.membership import Membership


class Moves:
    """The giving side of one node."""

    def __init__(self, out: Outbox, members: Membership, hall: Hall) -> None:
        self._out = out
        self._members = members
        self._hall = hall
        self._config = hall.config
        self._wanted: dict[str, None] = {}
        """Rooms that belong elsewhere, in the order in which that was found."""
        self._moving: dict[str, Process] = {}
        self._budget = 0.0
        self._budget_at = 0
        self.on_lost: Callable[[Process], None] = lambda _p: None
        """Called when nobody knows whether the receiver has it: the name is to be claimed anew."""

    def want(self, process: Process) -> None:
        """It belongs elsewhere: it goes when its turn comes."""
        if process.name not in self._moving:
            self._wanted.setdefault(process.name)

    def review(self) -> None:
        """Homes may have changed: find who belongs elsewhere, and who no longer does."""
        homes, me = self._hall.homes, self._out.name
        self._wanted.clear()
        for process in self._hall.running.values():
            home = homes.of(process.partition)
            if process.name in self._moving:
                if home != process.to:
                    self._turn(process, home)
            elif home not in (me, None):
                self._wanted[process.name] = None
        self.pump()

    def _turn(self, process: Process, home: NodeId | None) -> None:
        """Where it was going is not, or no longer, its home."""
        if home in (self._out.name, None):
            del self._moving[process.name]
            self._out.emit(
                RoomStayed(process.name, process.token, process.to, "its home is here again")
            )
            process.status = "starting"
            self.on_lost(process)
        else:
            process.to = home
            self._give(process)

    def pump(self) -> bool:
        """Begin what may begin. Says whether anything moves or wants to."""
        now = self._out.now
        rate = self._config.moves_per_s
        self._budget = min(float(rate), self._budget + (now - self._budget_at) * rate / SECOND)
        self._budget = min(self._budget, max(1.0, rate / 10))
        self._budget_at = now
        for name in list(self._wanted):
            if len(self._moving) >= self._config.moves_parallel or self._budget < 1:
                break
            process = self._hall.running.get(name)
            home = self._hall.homes.home(name)
            if process is None or home in (self._out.name, None):
                del self._wanted[name]
            elif process.status != "moving" and process.stay_until <= now and not process.closer:
                del self._wanted[name]
                self._budget -= 1
                self._begin(process, NodeId(home or ""))
        return bool(self._wanted or self._moving)

    def _begin(self, process: Process, to: NodeId) -> None:
        process.status, process.to, process.since = "moving", to, self._out.now
        process.given_at = 0
        self._moving[process.name] = process
        if not process.writing:
            self._give(process)

    def written(self, process: Process) -> None:
        """A checkpoint has ended: what waits for it may go."""
        if process.status == "moving" and not process.given_at:
            self._give(process)

    def _give(self, process: Process) -> None:
        blob = process.blob()
        if not process.given_at:
            began = RoomMoveBegan(process.name, process.token, process.to, len(blob))
            self._out.emit(began)
        process.given_at = self._out.now
        process.bytes = len(blob)
        self.send(process)

    def send(self, process: Process) -> None:
        """All that the process knows, to where it moves."""
        give = RoomGive(
            process.name,
            process.behaviour.name,
            process.keep,
            process.token,
            process.argument,
            process.blob(),
            process.context,
        )
        self._out.send(process.to, self._members.address(process.to), "stream", give)

    # --- what comes back ------------------------------------------------------------------------

    def taken(self, body: RoomTaken, sender: NodeId) -> None:
        """The receiver has it, or will not have it."""
        process = self._moving.get(body.room)
        if process is None or process.to != sender or process.token != body.token:
            return
        if body.refused:
            self._stay(process, body.refused)
            return
        del self._moving[process.name]
        out, waiters = self._out, process.waiting
        # Its state was merged into what is now on W disks elsewhere: what rests on it is safe.
        process.waiting = []
        for waiter in waiters:
            self._hall.answer(waiter.caller, RoomResponse(waiter.reply, sender, body.by))
        lost = out.now - process.since
        if body.twin:
            out.emit(NameLost(process.name, process.token, sender))
        out.emit(
            RoomMoved(process.name, process.token, sender, process.bytes, lost, len(process.queue))
        )
        self._hall.remove(process, "lost" if body.twin else "moved", f"to {sender}")
        self._send_on(process, sender, body.by)
        self.pump()

    def _send_on(self, process: Process, to: NodeId, by: Token) -> None:
        for letter in process.queue:
            self._hall.send_on(letter, to, by)
        process.queue.clear()

    def _stay(self, process: Process, why: str) -> None:
        del self._moving[process.name]
        self._out.emit(RoomStayed(process.name, process.token, process.to, why))
        process.stay_until = self._out.now + self._config.move_timeout_us
        self._wanted[process.name] = None
        process.status = "starting"
        self.on_lost(process)  # what was sent twice may be taken yet

    def forget(self, process: Process) -> None:
        """It has ended otherwise."""
        self._moving.pop(process.name, None)
        self._wanted.pop(process.name, None)

    def tick(self) -> bool:
        """Send again what nobody has confirmed. Says whether anything moves or wants to."""
        now = self._out.now
        for process in list(self._moving.values()):
            if not self._hall.homes.reachable(process.to):
                self._turn(process, self._hall.homes.home(process.name))
            elif process.given_at and now - process.given_at >= self._config.move_timeout_us:
                self._give(process)
        return self.pump()
