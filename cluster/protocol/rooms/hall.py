"""The rooms that run at this node: messages through them, checkpoints out of them.

Decides when a caller is answered: when the state its reply rests on is on W disks (or at once, if
the room keeps its state in memory), never under a token that was fenced off. A checkpoint that
finds no quorum is tried again while its callers wait, for as long as they do; whoever has waited too
long is told that nobody knows.

Ignores which rooms should run here (`claims`, `moves`), and what a crash entails (`rooms`).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from cluster.config import RoomsConfig
from cluster.model.facts import (
    NameClaimed,
    NameFenced,
    RoomCheckpointed,
    RoomExited,
)
from cluster.model.happenings.rooms import ExitReason
from cluster.model.member import NOBODY, NodeId
from cluster.model.rooms.behaviour import CrashError, Step, UnknownMessageError
from cluster.model.rooms.naming import CONTENT_TYPE, Token, fence_number, packed, room_key
from cluster.model.summary import RoomsTally
from cluster.model.versions import join_contexts
from cluster.protocol.messages import DeleteRequest, PutRequest, RoomAnswer, RoomAsk, RoomTaken
from cluster.protocol.outbox import Outbox
from cluster.protocol.quorum.book import ClientResponse
from cluster.protocol.quorum.coordinator import Coordinator
from cluster.protocol.quorum.operation import Asker, DataRequest
from cluster.protocol.requests import Refusal, RoomResponse, WriteResponse
from cluster.protocol.rooms.homes import Homes, Names
from cluster.protocol.rooms.process import Caller, Ids, Letter, Process, Waiter, expired
from cluster.protocol.swim.membership import Membership

Then = Callable[[ClientResponse], None]

UNKNOWN = Refusal(
    504, "unknown", "nobody knows whether it was done: the room did not answer in time"
)


class Hall:
    """All rooms running at one node."""

    def __init__(
        self,
        out: Outbox,
        config: RoomsConfig,
        members: Membership,
        coordinator: Coordinator,
        homes: Homes,
        names: Names,
    ) -> None:
        self._out = out
        self.config = config
        self._members = members
        self._coordinator = coordinator
        self.homes = homes
        self.names = names
        self.ids = Ids(out.numbers)
        self.running: dict[str, Process] = {}
        self._asked: dict[int, Then] = {}
        coordinator.book.on_inner = self._stored
        self._answered = self._refused = self._checkpoints = 0
        self.on_local: Callable[[int, RoomResponse | Refusal], None] = lambda _n, _r: None
        """Called with the answer to an open call of this node."""
        self.on_crash: Callable[[Process, str], None] = lambda _p, _why: None
        self.on_rival: Callable[[Process], None] = lambda _p: None
        """Called when a process may not write: another has claimed its name."""
        self.on_written: Callable[[Process], None] = lambda _p: None
        """Called when a checkpoint has ended well and no other is under way."""
        self.on_late: Callable[[Letter], None] = lambda _letter: None
        """Called with what was said to a room that has just been closed."""
        self.on_publish: Callable[[str, bytes], None] = lambda _room, _payload: None

    # --- the store ------------------------------------------------------------------------------

    def store(self, request: DataRequest, then: Then) -> None:
        """Ask this node's own coordinator; `then` gets its answer, perhaps at once."""
        number = self.ids.next()
        self._asked[number] = then
        self._coordinator.request(Asker(inner=number), request)

    def _stored(self, number: int, response: ClientResponse) -> None:
        then = self._asked.pop(number, None)
        if then is not None:
            then(response)

    # --- answers --------------------------------------------------------------------------------

    def answer(self, caller: Caller, response: RoomResponse | Refusal) -> None:
        """Say what came of a message."""
        if caller.node == NOBODY:
            self.on_local(caller.number, response)
        elif caller.number and caller.node in self._members.claims:
            address = self._members.address(caller.node)
            self._out.send(caller.node, address, "stream", RoomAnswer(caller.number, response))

    def _reply(self, process: Process, waiters: list[Waiter]) -> None:
        self._answered += len(waiters)
        for waiter in waiters:
            response = RoomResponse(waiter.reply, self._out.name, process.token)
            self.answer(waiter.caller, response)

    def has_room(self, process: Process) -> bool:
        """Whether its mailbox takes one more."""
        return process.load < self.config.mailbox_max

    def refuse_full(self, caller: Caller, room: str) -> None:
        """Its mailbox is full."""
        self._refused += 1
        full = f"not done: {self.config.mailbox_max} messages wait in {room}, try again later"
        self.answer(caller, Refusal(503, "mailbox full", full))

    def send_on(self, letter: Letter, to: NodeId, by: Token) -> None:
        """A message that came while the room moved: its sender asks there; a cast goes by itself."""
        if letter.request.act == "cast":
            self._out.send(
                to, self._members.address(to), "stream", RoomAsk(0, letter.request, by, 1)
            )
        else:
            self.answer(letter.caller, Refusal(421, "elsewhere", to))

    # --- messages -------------------------------------------------------------------------------

    def deliver(self, process: Process, letter: Letter) -> None:
        """A message for a room that runs here: run it, or keep it until the room serves again."""
        if not self.has_room(process):
            self.refuse_full(letter.caller, process.name)
        elif process.status == "serving":
            self._run(process, letter)
            self.flush(process)
        else:
            process.queue.append(letter)

    def resume(self, process: Process) -> None:
        """The room serves (again): work off what came meanwhile."""
        process.status, process.to, process.since = "serving", NOBODY, self._out.now
        while process.queue and process.status == "serving":
            self._run(process, process.queue.popleft())
        self.flush(process)

    def welcome(self, process: Process, *, made: bool, revived: bool = False) -> None:
        """A room begins to serve here; `made`: nobody had it; `revived`: it was given up."""
        self._thank(process)
        # Whoever listened to it elsewhere is heard of again within this time.
        process.watched_until = self._out.now + 2 * self.config.watch_us
        self.awaken(process)
        if made or revived:
            openers = [letter for letter in process.queue if letter.request.act == "open"]
            if openers:  # or it has waited too long
                process.queue.remove(openers[0])
                response = RoomResponse(b"", self._out.name, process.token, made, revived)
                self.answer(openers[0].caller, response)
        self.resume(process)

    def awaken(self, process: Process) -> None:
        """Set the timers that its state asks for."""
        try:
            step = process.behaviour.awake(process.state, process.moment(self._out.now))
        except Exception as error:  # A behaviour's defect is its own: let it crash.
            self.on_crash(process, _told(error))
            return
        self.take(process, step)

    def _thank(self, process: Process) -> None:
        """Tell those who gave it that it has arrived, once it is on disk."""
        for giver, token, twin in process.givers:
            if giver in self._members.claims:
                taken = RoomTaken(process.name, token, process.token, twin=twin)
                self._out.send(giver, self._members.address(giver), "stream", taken)
        process.givers.clear()

    def _run(self, process: Process, letter: Letter) -> None:
        now, request = self._out.now, letter.request
        if request.act == "open":
            self._wait(process, letter, b"")
            return
        if request.act == "close":
            process.closer, process.status = letter, "starting"
            self._close(process)
            return
        try:
            step = process.step(letter, now)
        except UnknownMessageError as error:
            self.answer(letter.caller, Refusal(400, "not understood", f"not done: {error}"[:256]))
            return
        except Exception as error:  # A behaviour's defect is its own: let it crash.
            why = _told(error)
            self.answer(letter.caller, Refusal(500, "crashed", f"not done: {why}"))
            self.on_crash(process, why)
            return
        self.take(process, step)
        if request.act == "cast":
            self.answer(letter.caller, RoomResponse(b"", self._out.name, process.token))
        else:
            self._wait(process, letter, step.reply)

    def _wait(self, process: Process, letter: Letter, reply: bytes) -> None:
        waiter = Waiter(letter.caller, reply, letter.at)
        if process.dirty or process.writing:
            process.waiting.append(waiter)
        else:
            self._reply(process, [waiter])

    def take(self, process: Process, step: Step[object]) -> None:
        """Go on from what a callback came to."""
        process.state = step.state
        for wake in step.wakes:
            key = ("room", process.name, wake.word)
            if wake.after_us < 0:
                process.words.discard(wake.word)
                self._out.cancel_timer(key)
            else:
                process.words.add(wake.word)
                self._out.set_timer(key, self._out.now + wake.after_us)
        if process.watched_until > self._out.now:
            for payload in step.publish:
                self.on_publish(process.name, payload)

    def timer(self, room: str, word: str) -> None:
        """A timer of a behaviour came due. While the room moves, the next process sets it anew."""
        process = self.running.get(room)
        if process is None or process.status != "serving" or word not in process.words:
            return
        process.words.discard(word)
        try:
            step = process.behaviour.handle_info(process.state, word, process.moment(self._out.now))
        except Exception as error:  # A behaviour's defect is its own: let it crash.
            self.on_crash(process, _told(error))
            return
        self.take(process, step)
        self.flush(process)

    # --- checkpoints ----------------------------------------------------------------------------

    def flush(self, process: Process) -> None:
        """Write what is not safe yet, unless it is being written; answer who need not wait."""
        if self.running.get(process.name) is not process or process.writing:
            return
        if not process.dirty:
            waiting, process.waiting = process.waiting, []
            self._reply(process, waiting)
            return
        if process.reread or process.retry_at > self._out.now:
            return
        blob = process.blob()
        if process.stored and len(blob) > self.config.state_bytes_max:
            # Not so while a merge is on its way: going back would forget what others acknowledged.
            self._too_large(process, len(blob))
            return
        process.under_way, process.waiting = process.waiting, []
        process.writing = True
        state, stored = process.state, process.stored
        value = packed(process.record(blob))
        put = PutRequest(room_key(process.name), value, CONTENT_TYPE, process.context)
        then = partial(self._written, process, process.token, state, len(blob), stored)
        self.store(put, then)

    def _too_large(self, process: Process, size: int) -> None:
        """Go back to the last safe state: what made it too large was not acknowledged to anybody."""
        limit = f"not done: the room's state would be {size} of {self.config.state_bytes_max} bytes"
        waiting, process.waiting = process.waiting, []
        process.state = process.safe
        for waiter in waiting:
            self.answer(waiter.caller, Refusal(413, "room full", limit))

    def _written(
        self,
        process: Process,
        token: Token,
        state: object,
        size: int,
        stored: bool,
        response: ClientResponse,
    ) -> None:
        process.writing = False
        waiters, process.under_way = process.under_way, []
        if self.running.get(process.name) is not process:
            for waiter in waiters:
                self.answer(waiter.caller, UNKNOWN)
            return
        if not isinstance(response, WriteResponse) or response.outcome != "ok":
            self._not_written(process, waiters, response)
        else:
            self._checkpoints += 1
            process.safe, process.bytes = state, size
            self.learn(process, response)
            process.tries = process.retry_at = 0
            if not stored and process.token == token:
                process.stored = True
                self._out.emit(NameClaimed(process.name, token, process.over))
                self._thank(process)
            if self._out.may_trace():
                told = RoomCheckpointed(process.name, token, size, len(waiters))
                self._out.emit(told)
            self._reply(process, waiters)
            if process.closer is not None:
                self._close(process)
            elif process.reread:
                self.on_rival(process)
            elif process.dirty:
                self.flush(process)
        if process.closer is None and not process.writing:
            self.on_written(process)

    def _not_written(
        self, process: Process, waiters: list[Waiter], response: ClientResponse
    ) -> None:
        # They go on waiting: the next checkpoint covers them too.
        process.waiting[:0] = waiters
        if isinstance(response, WriteResponse):
            self.learn(process, response)
        if isinstance(response, Refusal) and response.status == 409:
            process.floor = max(process.floor, fence_number(response.detail))
            process.reread = True
            self.on_rival(process)
        else:
            process.tries += 1
            pause = self.config.claim_retry_us << min(process.tries - 1, 4)
            process.retry_at = self._out.now + pause
        if process.closer is not None:
            self._close(process)

    def learn(self, process: Process, response: WriteResponse) -> None:
        """What a write says of the record it went into.

        Where another value stands beside the one just written, or it is not known whether it was
        written, the answer's context covers what this process has never seen: a checkpoint that
        took it for its own would wipe out what another process of the name had acknowledged.
        """
        if response.outcome == "ok" and response.siblings <= 1:
            process.context = response.context
        else:
            process.beyond = join_contexts(process.beyond, response.context)
            process.reread = True

    def fence(self, process: Process, by: Token) -> None:
        """Serve no more until it is clear who runs this name."""
        if process.status == "serving":
            process.status, process.since = "starting", self._out.now
            self._out.emit(NameFenced(process.name, process.token, by))
            process.floor = max(process.floor, by.number)

    def _close(self, process: Process) -> None:
        """Delete the record, after whatever is being written: it would come back otherwise."""
        if process.writing:
            return
        seen = join_contexts(process.context, process.beyond)
        delete = DeleteRequest(room_key(process.name), seen)
        process.writing = True
        self.store(delete, partial(self._closed, process))

    def _closed(self, process: Process, response: ClientResponse) -> None:
        process.writing = False
        letter, process.closer = process.closer, None
        if letter is None or self.running.get(process.name) is not process:
            return
        if isinstance(response, WriteResponse) and response.outcome == "ok":
            closed = Refusal(404, "no such room", f"{process.name} was closed meanwhile")
            waiting, process.waiting = process.waiting, []
            self.remove(process, "closed")
            for waiter in waiting:
                self.answer(waiter.caller, closed)
            self.answer(letter.caller, RoomResponse(b"", self._out.name, process.token))
            for late in process.queue:  # one that opens it makes a new room
                self.on_late(late)
            return
        why = response if isinstance(response, Refusal) else UNKNOWN
        self.answer(letter.caller, why)
        self.resume(process)

    # --- the end of a process -------------------------------------------------------------------

    def remove(self, process: Process, why: ExitReason, detail: str = "") -> None:
        """The process ends. Who still waits is told that nobody knows, unless told before."""
        if self.running.get(process.name) is process:
            del self.running[process.name]
        for word in sorted(process.words):
            self._out.cancel_timer(("room", process.name, word))
        process.status = "starting"
        self._out.emit(RoomExited(process.name, process.token, why, detail))
        waiting, process.waiting = process.waiting, []
        for waiter in waiting:
            self.answer(waiter.caller, UNKNOWN)

    # --- looking after --------------------------------------------------------------------------

    def tick(self) -> bool:
        """Try checkpoints again, give up on old messages. Says whether anything still waits."""
        now, busy = self._out.now, False
        before = now - self.config.call_timeout_us
        for process in list(self.running.values()):
            idle = process.status == "serving" and not process.reread
            if idle and not (process.load or process.dirty):
                continue
            busy = True
            for letter in expired(process.queue, before):
                self.answer(letter.caller, UNKNOWN)
            old = [w for w in process.waiting if w.at < before]
            if old:
                process.waiting = [w for w in process.waiting if w.at >= before]
                for waiter in old:
                    self.answer(waiter.caller, UNKNOWN)
            if process.reread and not process.writing and process.retry_at <= now:
                self.on_rival(process)
            elif process.status == "serving":
                self.flush(process)
        return busy

    def tally(self, starting: int) -> RoomsTally:
        """The pulse's figures; the next interval starts empty."""
        running = self.running.values()
        loads = [process.load for process in running]
        told = RoomsTally(
            serving=sum(1 for p in running if p.status == "serving"),
            starting=starting + sum(1 for p in running if p.status == "starting"),
            moving=sum(1 for p in running if p.status == "moving"),
            queued=sum(loads),
            longest=max(loads, default=0),
            answered=self._answered,
            refused=self._refused,
            checkpoints=self._checkpoints,
        )
        self._answered = self._refused = self._checkpoints = 0
        return told


def _told(error: Exception) -> str:
    """Why a behaviour crashed."""
    text = str(error) if isinstance(error, CrashError) else f"{type(error).__name__}: {error}"
    return text[:200]
