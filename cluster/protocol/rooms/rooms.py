"""The rooms of one node: which machine a message, a timer or a change is for.

A client may speak to any node. The node computes where the room belongs and asks there; a node asked
in error says where it believes the room to be. Ignores the rules themselves: where rooms belong
(`homes`), how one is claimed (`claims`), run (`hall`), given away (`moves`), and how often it may
crash (`supervisor`).
"""

from __future__ import annotations

import re
from typing import Any, Literal

from msgspec.structs import replace

from cluster.config import Config
from cluster.model.facts import SupervisorEscalated
from cluster.model.member import MemberState, NodeId
from cluster.model.rooms.naming import (
    CONTENT_TYPE,
    NO_TOKEN,
    ROOM_NAME_PATTERN,
    Token,
    packed,
    room_key,
    unpacked,
)
from cluster.model.summary import RoomRow, RoomsTally
from cluster.model.versions import Record
from cluster.protocol.effects import Records
from cluster.protocol.inputs import RequestId, RoomsQuery, TimerKey
from cluster.protocol.messages import (
    PutRequest,
    Refusal,
    RoomAnswer,
    RoomAsk,
    RoomBring,
    RoomGive,
    RoomGone,
    RoomRequest,
    RoomRoll,
    RoomRollAsk,
    RoomTaken,
    RoomWatch,
)
from cluster.protocol.outbox import Outbox
from cluster.protocol.policy.policy import Policy
from cluster.protocol.quorum.coordinator import Coordinator
from cluster.protocol.quorum.placement import Placement
from cluster.protocol.rooms.claim import Given
from cluster.protocol.rooms.claims import Claims, elsewhere
from cluster.protocol.rooms.desk import Desk
from cluster.protocol.rooms.hall import Hall
from cluster.protocol.rooms.homes import Homes, Names
from cluster.protocol.rooms.moves import Moves
from cluster.protocol.rooms.process import Caller, Letter, Process
from cluster.protocol.rooms.supervisor import Escalate, GiveUp, Heirs, Restart, Supervisor
from cluster.protocol.spread.topics import Topics
from cluster.protocol.swim.membership import Membership

Spoken = (
    RoomAsk
    | RoomAnswer
    | RoomGive
    | RoomTaken
    | RoomBring
    | RoomGone
    | RoomRollAsk
    | RoomRoll
    | RoomWatch
)
TOPIC = "room/"
"""What a room publishes goes to the topic of this and its name."""
TICK = ("rooms", "tick")
LOOK = ("rooms", "look")
SCAN = ("rooms", "scan")


class Rooms:
    """All that a node has to do with rooms."""

    def __init__(
        self,
        out: Outbox,
        config: Config,
        members: Membership,
        placement: Placement,
        coordinator: Coordinator,
        records: Records,
        topics: Topics,
    ) -> None:
        self._out = out
        self._config = config.rooms
        self._disks = config.data.write_quorum
        self._members = members
        self.policy: Policy = coordinator.policy
        self.homes = Homes(config, members, placement)
        self.names = Names(config, records)
        hall = self.hall = Hall(out, config.rooms, members, coordinator, self.homes, self.names)
        self.claims = Claims(out, members, hall)
        self.moves = Moves(out, members, hall)
        self.desk = Desk(out, config.rooms, members, self.homes, hall)
        self._supervisor = Supervisor(config.rooms)
        self._heirs: Heirs[Any] = Heirs(config.rooms)
        self._rivals: dict[str, None] = {}
        """Rooms here in whose record somebody else's checkpoint has appeared."""
        self._ticking = False
        self._looking = False
        hall.on_crash = self._crashed
        hall.on_late = lambda letter: self._here(letter.caller, letter.request, NO_TOKEN)
        hall.on_rival = self._rival
        hall.on_written = self.moves.written
        hall.on_publish = lambda room, payload: topics.announce(TOPIC + room, payload)
        hall.on_local = self.desk.answered
        self.moves.on_lost = lambda process: self.claims.start(process.name, "merged")
        self._topics = topics
        self._watch_due = 0
        self.desk.on_here = self._here
        self.desk.rows = self.rows

    @property
    def running(self) -> dict[str, Process]:
        """The rooms that have a process here."""
        return self.hall.running

    @property
    def possible(self) -> bool:
        """Whether clusters of this architecture have rooms."""
        return self.policy.merges or self._out.config.architecture.kind == "single"

    # --- beginning and looking ------------------------------------------------------------------

    def boot(self) -> None:
        """Look which rooms the disk knows of."""
        if self.possible:
            self._out.set_timer(SCAN, self._out.now)

    def timer(self, words: TimerKey) -> None:
        """One of this machine's timers came due."""
        match words:
            case ["tick"]:
                self._ticking = False
                self._tick()
            case ["look"]:
                self._looking = False
                self._review()
            case ["scan"]:
                if self.names.read_on():
                    self._out.set_timer(SCAN, self._out.now)
                self.look()
            case _:
                pass

    def _tick(self) -> None:
        self._watch()
        listened = bool(self._topics.subscribers.topics(TOPIC))
        busy = [listened, self.claims.tick(), self.moves.tick(), self.hall.tick(), self.desk.tick()]
        if any(busy):
            self._wake()

    def listened(self) -> None:
        """Somebody listens to a topic here, or no longer does."""
        self._watch_due = 0
        self._watch()
        self._wake()

    def _watch(self) -> None:
        """Tell the homes of rooms that somebody listens to them here."""
        now = self._out.now
        if self._watch_due > now:
            return
        self._watch_due = now + self._config.watch_us
        for topic in self._topics.subscribers.topics(TOPIC):
            room = topic.removeprefix(TOPIC)
            home = self.homes.home(room)
            if home == self._out.name:
                self._watched(room)
            elif home is not None and re.fullmatch(ROOM_NAME_PATTERN, room):
                self._out.send(home, self._members.address(home), "stream", RoomWatch(room))

    def _watched(self, room: str) -> None:
        process = self.running.get(room)
        if process is not None:
            process.watched_until = self._out.now + 2 * self._config.watch_us

    def _wake(self) -> None:
        if not self._ticking:
            self._ticking = True
            self._out.set_timer(TICK, self._out.now + self._config.tick_us)

    def look(self) -> None:
        """Something has changed: see, after this input, what should run here and what should not."""
        if not self._looking and (self.names.known or self.running):
            self._looking = True
            self._out.set_timer(LOOK, self._out.now)

    def _review(self) -> None:
        me = self._out.name
        if self._members.leaving:
            return
        rivals, self._rivals = self._rivals, {}
        for name in rivals:
            if name in self.running:
                self._rival(self.running[name])
        self.moves.review()
        for name, known in list(self.names):
            if name in self.running or known.failed or name in self.claims.open:
                continue
            if self.homes.of(known.partition) == me:
                self.claims.start(name, "died")
        self._wake()

    def record_changed(self, partition: int, key: bytes, record: Record | None) -> None:
        """A record of this node is now this."""
        name = self.names.changed(partition, key, record)
        if name is None or record is None:
            return
        process = self.running.get(name)
        if process is None:
            self.look()
            return
        context = process.context
        unseen = [s for s in record.versions.siblings if context.get(s.actor, 0) < s.counter]
        if any((c := unpacked(s)) is not None and c.token != process.token for s in unseen):
            self._rivals.setdefault(name)
            self.look()

    # --- requests -------------------------------------------------------------------------------

    def request(self, request_id: RequestId, request: RoomRequest | RoomsQuery) -> None:
        """A client of this node asks."""
        if not self.possible:
            kind = self._out.config.architecture.kind
            why = f"a {kind} cluster has no rooms: they need nodes that merge what each holds"
            self._out.reply(request_id, Refusal(409, "no rooms", why))
        elif isinstance(request, RoomsQuery):
            self.desk.roll(request_id)
            self._wake()
        else:
            self.desk.ask(request_id, request)
            self._wake()

    def _here(self, caller: Caller, request: RoomRequest, fence: Token) -> None:
        """A message for a room that runs here, or belongs here."""
        name = request.room
        letter = Letter(caller, request, self._out.now)
        process = self.running.get(name)
        if process is not None:
            if fence > process.token:
                self._doubt(process, fence)
            self.hall.deliver(process, letter)
        elif name in self.claims.open or self._has_room():
            self.claims.start(name, "died", letters=(letter,), floor=fence.number)
        else:
            full = f"not done: this node runs as many rooms as it may ({self._config.rooms_max})"
            self.hall.answer(caller, Refusal(503, "too many rooms", full))
        self._wake()

    def _has_room(self) -> bool:
        return len(self.running) + len(self.claims.open) < self._config.rooms_max

    # --- messages of other nodes ----------------------------------------------------------------

    def heard(self, body: Spoken, sender: NodeId) -> None:
        """A member speaks of rooms."""
        match body:
            case RoomAsk(number, request, fence, _):
                self._asked(Caller(number, sender), request, fence)
            case RoomAnswer(number, response):
                self.desk.answered(number, response)
            case RoomGive():
                self._given(body, sender)
            case RoomTaken():
                self.moves.taken(body, sender)
            case RoomBring(room, token):
                self._bring(room, token, sender)
            case RoomGone(room, token):
                self.claims.gone(room, token)
            case RoomWatch(room):
                self._watched(room)
                return
            case RoomRollAsk(number):
                roll = RoomRoll(number, tuple(self.rows()))
                self._out.send(sender, self._members.address(sender), "stream", roll)
            case RoomRoll(number, rows):
                self.desk.told(number, rows, sender)
        self._wake()

    def _asked(self, caller: Caller, request: RoomRequest, fence: Token) -> None:
        if not self.possible or self._members.leaving:
            self.hall.answer(caller, elsewhere(None))
            return
        home = self.homes.home(request.room)
        if request.room in self.running or home == self._out.name:
            self._here(caller, request, fence)
        else:
            self.hall.answer(caller, elsewhere(home))

    def _given(self, give: RoomGive, sender: NodeId) -> None:
        process = self.running.get(give.room)
        if process is not None and process.taken == give.token and process.stored:
            told = RoomTaken(give.room, give.token, process.token, twin=False)
            self._out.send(sender, self._members.address(sender), "stream", told)
            return
        belongs = self.homes.home(give.room) == self._out.name and not self._members.leaving
        if not (self.possible and belongs):
            refused = f"{self._out.name} does not take it for its home"
            told = RoomTaken(give.room, give.token, NO_TOKEN, refused)
            self._out.send(sender, self._members.address(sender), "stream", told)
            return
        self.claims.given(Given(give, sender))

    def _bring(self, room: str, token: Token, sender: NodeId) -> None:
        process = self.running.get(room)
        if process is None:
            claim = self.claims.open.get(room)
            if claim is None or claim.step == "bringing":
                gone = RoomGone(room, token)
                self._out.send(sender, self._members.address(sender), "stream", gone)
        elif self.homes.home(room) == sender:
            self.moves.want(process)
            self.moves.pump()
        # Else the views differ: one of the two will change its mind, or claim over the other.

    # --- rivals and crashes ---------------------------------------------------------------------

    def _rival(self, process: Process) -> None:
        """Another has claimed its name, or holds something of it that this process has not seen."""
        if process.floor >= process.token.number:
            self.hall.fence(process, Token(process.floor))
        if self.homes.home(process.name) in (self._out.name, None):
            self.claims.start(process.name, "merged")
        else:
            self.moves.want(process)
        self._wake()

    def _doubt(self, process: Process, by: Token) -> None:
        self.hall.fence(process, by)
        self._rival(process)

    def stalled(self) -> None:
        """This node did not run for a while: others may have taken its rooms over."""
        for process in list(self.running.values()):
            if process.status == "serving" and process.keep == "checkpoint":
                process.status, process.since = "starting", self._out.now
                self.claims.start(process.name, "merged")
        self._wake()

    def _crashed(self, process: Process, why: str) -> None:
        name, queue = process.name, tuple(process.queue)
        process.queue.clear()
        if process.keep == "heir":
            self._heirs.left(name, process.token, process.state)
        self.hall.remove(process, "crashed", why)
        self.moves.forget(process)
        decision = self._supervisor.exited(name, self._out.now)
        match decision:
            case Restart():
                self._restart(process, "crashed", queue)
            case Escalate():
                self._escalate(process, queue, decision)
            case GiveUp():
                self._give_up(process, queue, decision)

    def _restart(
        self, process: Process, why: Literal["crashed", "escalated"], queue: tuple[Letter, ...]
    ) -> None:
        table = self._heirs.handed(process.name)
        heir = table.state if table is not None else None
        self.claims.start(process.name, why, letters=queue, heir=heir)

    def _escalate(self, crashed: Process, queue: tuple[Letter, ...], what: Escalate) -> None:
        """The supervisor ends all its children, and is itself restarted with them."""
        children = list(self.running.values())
        config = self._config
        self._out.emit(
            SupervisorEscalated(
                1, crashed.name, len(children) + 1, what.restarts, config.restarts_window_us
            )
        )
        for process in children:
            if process.keep == "heir":
                self._heirs.left(process.name, process.token, process.state)
            waiting = tuple(process.queue)
            process.queue.clear()
            self.hall.remove(process, "escalated", f"{crashed.name} crashed too often")
            self.moves.forget(process)
            self._restart(process, "escalated", waiting)
        self._restart(crashed, "escalated", queue)

    def _give_up(self, process: Process, queue: tuple[Letter, ...], what: GiveUp) -> None:
        """It stays closed, wherever its home is, until somebody opens it again."""
        self._heirs.forget(process.name)
        window = self._config.restarts_window_us
        self._out.emit(SupervisorEscalated(2, process.name, 1, what.restarts, window))
        blob = process.behaviour.checkpoint(process.safe)
        value = packed(process.record(blob, failed=True))
        put = PutRequest(room_key(process.name), value, CONTENT_TYPE, process.context)
        self.hall.store(put, lambda _response: None)
        why = f"{process.name} crashed too often and was given up; open it again"
        for letter in queue:
            self.hall.answer(letter.caller, Refusal(409, "given up", why))

    # --- what observers are told ----------------------------------------------------------------

    def rows(self) -> list[RoomRow]:
        """Every room that runs or starts here, or was given up and would live here."""
        rows = [process.row() for process in self.running.values()] + self.claims.rows()
        if len(self._members.others(MemberState.SUSPECT)) + 1 < self._disks:
            # It serves what it knows; whatever would change it has no quorum.
            rows = [replace(r, blocked=r.keep in ("", "checkpoint")) for r in rows]
        me = self._out.name
        for name, known in self.names:
            if known.failed and name not in self.running and self.homes.of(known.partition) == me:
                rows.append(RoomRow(name, known.behaviour, known.token, "failed", 0, 0, 0))
        return rows

    def tally(self) -> RoomsTally:
        """The pulse's figures."""
        return self.hall.tally(len(self.claims.rows()))

    def left(self) -> str:
        """What a node that goes waits for: a room that still runs here; empty if none does."""
        if not self.running:
            return ""
        process = next(iter(self.running.values()))
        more = f" and {len(self.running) - 1} more" if len(self.running) > 1 else ""
        return f"{process.to or self.homes.home(process.name) or 'a node'} to take room {process.name}{more}"
