"""How a node comes to run a room: it reads who had it, makes sure that nobody has, and claims it.

A claim reads the room's record from a quorum, merges what it finds there with what it was given,
takes a token above all of it, and writes that to W disks; only then does the room serve. If the
life that holds the last token may still run, it is asked to give the room up first (`RoomBring`), so
that within a connected cluster a name has one process. A claim that finds no quorum, or is fenced
off by another's, begins again after a pause, for as long as the name belongs here.

Messages for the room wait in the claim, as in any mailbox. Ignores which names belong here
(`homes`), and who gives what when (`moves`).
"""

from __future__ import annotations

from collections import deque
from functools import partial
from typing import Any

from cluster.model.facts import NameClaimed, NameWon, RoomStarted
from cluster.model.happenings.rooms import StartReason
from cluster.model.member import NOBODY, NodeId
from cluster.model.rooms.behaviour import Behaviour, Moment, UnknownMessageError
from cluster.model.rooms.kinds import BEHAVIOURS
from cluster.model.rooms.naming import (
    CONTENT_TYPE,
    NO_TOKEN,
    Checkpoint,
    Token,
    packed,
    room_key,
    unpacked,
)
from cluster.model.summary import RoomRow
from cluster.model.versions import EMPTY, Context, Versions, join_contexts
from cluster.protocol.messages import (
    GetRequest,
    PutRequest,
    Refusal,
    RoomBring,
    WriteResponse,
)
from cluster.protocol.outbox import Outbox
from cluster.protocol.quorum.book import ClientResponse
from cluster.protocol.requests import ReadResponse
from cluster.protocol.rooms.claim import Claim, Coming, Given
from cluster.protocol.rooms.hall import Hall
from cluster.protocol.rooms.process import Letter, Process, expired
from cluster.protocol.swim.membership import Membership


class Claims:
    """All claims of one node."""

    def __init__(self, out: Outbox, members: Membership, hall: Hall) -> None:
        self._out = out
        self._members = members
        self._hall = hall
        self._config = hall.config
        self.open: dict[str, Claim] = {}
        self._active: set[str] = set()
        self._ready: deque[str] = deque()
        """Those that may begin as soon as there is room, in the order in which they came."""
        self._beginning = False
        self._numbers: dict[str, int] = {}
        """The highest token number this life has tried, by room."""

    # --- beginning ------------------------------------------------------------------------------

    def start(
        self,
        name: str,
        why: StartReason,
        *,
        letters: tuple[Letter, ...] = (),
        given: Given | None = None,
        heir: Any = None,
        floor: int = 0,
    ) -> None:
        """Bring a room up here, unless that is under way already."""
        claim = self.open.get(name)
        if claim is None:
            claim = self.open[name] = Claim(name, why, self._out.now, heir=heir)
            claim.direct = given is not None
        claim.floor = max(claim.floor, floor)
        for letter in letters:
            if len(claim.queue) >= self._config.mailbox_max:
                self._hall.refuse_full(letter.caller, name)
            else:
                claim.queue.append(letter)
        if given is not None and all(g.give.token != given.give.token for g in claim.givers):
            claim.givers.append(given)
        if claim.step == "waiting" and claim.due <= self._out.now:
            self._go(claim)

    def _go(self, claim: Claim) -> None:
        if claim.name not in self._active and len(self._active) >= self._config.claims_parallel:
            claim.step = "waiting"
            self._line_up(claim)
            return
        self._active.add(claim.name)
        claim.number += 1
        if claim.direct and len(claim.givers) == 1:
            claim.direct = False
            self._settle(claim, EMPTY)
        else:
            self._read(claim)

    def _read(self, claim: Claim) -> None:
        claim.step = "reading"
        then = partial(self._was_read, claim, claim.number)
        self._hall.store(GetRequest(room_key(claim.name)), then)

    def _line_up(self, claim: Claim) -> None:
        if not claim.queued:
            claim.queued = True
            self._ready.append(claim.name)

    def _again(self, claim: Claim, trouble: str = "") -> None:
        """Nothing came of this attempt: another after a pause."""
        claim.trouble = trouble or claim.trouble
        claim.tries += 1
        claim.number += 1
        claim.step = "waiting"
        claim.due = self._out.now + (self._config.claim_retry_us << min(claim.tries - 1, 4))
        self._active.discard(claim.name)
        self._next()

    def _next(self) -> None:
        """Begin what waits, in the order in which it came, as far as there is room.

        The store may refuse at once, and a refused claim makes room for the next: that must be a
        loop. Thousands of rooms on a node that was cut off once went deeper than a stack is.
        """
        if self._beginning:
            return
        self._beginning = True
        while self._ready and len(self._active) < self._config.claims_parallel:
            claim = self.open.get(self._ready.popleft())
            if claim is None:
                continue
            claim.queued = False
            if claim.step == "waiting" and claim.due <= self._out.now:
                self._go(claim)
        self._beginning = False

    def drop(self, claim: Claim, refusal: Refusal) -> None:
        """Give it up: the name does not belong here, or there is no such room."""
        self.open.pop(claim.name, None)
        self._active.discard(claim.name)
        claim.number += 1
        for letter in claim.queue:
            self._hall.answer(letter.caller, refusal)
        claim.queue.clear()

    # --- what is known of the room --------------------------------------------------------------

    def _was_read(self, claim: Claim, number: int, response: ClientResponse) -> None:
        if claim.number != number or self.open.get(claim.name) is not claim:
            return
        if not isinstance(response, ReadResponse):
            self._again(claim, _why(response))
            return
        held = [c for s in response.versions.siblings if (c := unpacked(s)) is not None]
        top = max((c.token for c in held), default=NO_TOKEN)
        process = self._hall.running.get(claim.name)
        if self._must_bring(claim, top, process):
            self._bring(claim, top)
        elif not (held or claim.givers or process) and not self._absent(claim, response):
            why = f"not done: too few owners of {claim.name}'s record answer to know whether it is open"
            self.drop(claim, Refusal(503, "not known", why))
        else:
            self._settle(claim, response.versions)

    def _absent(self, claim: Claim, response: ReadResponse) -> bool:
        """Whether the read proves that there is no such room, or somebody wants to open one.

        Stand-ins for owners that are gone know nothing of it; W owners may have it among the others.
        """
        if any(letter.request.act == "open" for letter in claim.queue):
            return True
        config, owners = self._out.config, self._hall.homes.owners(claim.name)
        return response.primaries > owners - min(config.data.write_quorum, owners)

    def _must_bring(self, claim: Claim, top: Token, process: Process | None) -> bool:
        if top.node in ("", self._out.name) or top == claim.denied:
            return False
        if process is not None and top <= process.token:
            return False
        given = any(g.give.token == top for g in claim.givers)
        if given or not self._hall.homes.lives(top):
            return False
        claim.asked_at = claim.asked_at or self._out.now
        return self._out.now - claim.asked_at < self._config.bring_us

    def _bring(self, claim: Claim, top: Token) -> None:
        claim.step = "bringing"
        claim.due = self._out.now + self._config.move_timeout_us
        holder = NodeId(top.node)
        body = RoomBring(claim.name, top)
        self._out.send(holder, self._members.address(holder), "stream", body)

    def gone(self, name: str, token: Token) -> None:
        """Who held this token runs nothing of that name."""
        claim = self.open.get(name)
        if claim is not None and claim.step == "bringing":
            claim.denied = token
            claim.number += 1
            self._read(claim)

    def given(self, given: Given) -> None:
        """What was asked for, or what nobody asked for, has come."""
        name = given.give.room
        claim = self.open.get(name)
        self.start(name, "moved", given=given)
        if claim is not None and claim.step == "bringing":
            claim.number += 1
            self._read(claim)

    # --- claiming -------------------------------------------------------------------------------

    def _settle(self, claim: Claim, versions: Versions) -> None:
        """All that can be known is known: work out the state, and claim the name above it."""
        held = [c for s in versions.siblings if (c := unpacked(s)) is not None]
        process = self._hall.running.get(claim.name)
        if process is not None:
            self._revive(claim, process, held, versions.context)
            return
        newest = self._origin(claim, held)
        if newest is None:
            return
        behaviour = BEHAVIOURS.get(newest.behaviour)
        if behaviour is None:
            why = f"this node knows no rooms of kind {newest.behaviour!r}"
            self.drop(claim, Refusal(400, "unknown behaviour", why))
            return
        over = max([newest.token, *(c.token for c in held), *(g.give.token for g in claim.givers)])
        context = versions.context
        for given in claim.givers:
            context = join_contexts(context, given.give.context)
        token = self._token(claim.name, max(over, Token(claim.floor)))
        try:
            state = self._state(claim, behaviour, newest, held, token)
        except UnknownMessageError as error:
            refusal = Refusal(400, "not understood", f"not opened: {error}"[:256])
            self.drop(claim, refusal)
            return
        except Exception as error:  # What a behaviour's `load` raises is not for us to know.
            why = f"its state cannot be read: {type(error).__name__}"
            self.drop(claim, Refusal(500, "damaged", f"{claim.name}: {why}"))
            return
        givers = tuple(claim.givers)
        self._write(claim, Coming(behaviour, newest, token, over, state, context, givers))

    def _origin(self, claim: Claim, held: list[Checkpoint]) -> Checkpoint | None:
        """What kind of room it is and how it is kept; None: there is none, and it was said."""
        opener = next((e.request for e in claim.queue if e.request.act == "open"), None)
        newest = max(held, key=lambda c: c.token, default=None)
        if newest is not None and newest.failed and opener is None:
            why = f"{claim.name} crashed too often and was given up; open it again"
            self.drop(claim, Refusal(409, "given up", why))
            return None
        claim.revived = newest is not None and newest.failed
        for given in claim.givers:
            give = given.give
            if newest is None or give.token >= newest.token:
                newest = Checkpoint(give.behaviour, give.keep, give.token, give.argument, None)
        if newest is None and opener is not None:
            claim.why = "opened"
            newest = Checkpoint(opener.behaviour, opener.keep, NO_TOKEN, opener.message, None)
        if newest is None:
            why = f"nobody has opened {claim.name}, or it was closed"
            self.drop(claim, Refusal(404, "no such room", why))
        return newest

    def _token(self, name: str, over: Token) -> Token:
        number = max(over.number, self._numbers.get(name, 0)) + 1
        if len(self._numbers) > 2 * self._config.rooms_max:
            self._numbers.clear()  # records remember what was really used
        self._numbers[name] = number
        return Token(number, self._out.name, self._out.epoch)

    def _state(
        self,
        claim: Claim,
        behaviour: Behaviour[Any],
        newest: Checkpoint,
        held: list[Checkpoint],
        token: Token,
    ) -> Any:
        blobs = [c.state for c in held if c.state is not None]
        blobs += [g.give.state for g in claim.givers]
        states = [behaviour.restored(blob) for blob in blobs]
        if claim.heir is not None:
            states.append(claim.heir)
        if not states:
            moment = Moment(self._out.now, claim.name, token.actor)
            return behaviour.init(newest.argument, moment).state
        state = states[0]
        for other in states[1:]:
            state = behaviour.merge(state, other)
        return state

    def _write(self, claim: Claim, coming: Coming) -> None:
        claim.step = "writing"
        blob = coming.behaviour.checkpoint(coming.state)
        kept = blob if coming.newest.keep == "checkpoint" else None
        record = Checkpoint(
            coming.behaviour.name, coming.newest.keep, coming.token, coming.newest.argument, kept
        )
        put = PutRequest(room_key(claim.name), packed(record), CONTENT_TYPE, coming.context)
        then = partial(self._was_written, claim, claim.number, coming, len(blob))
        self._hall.store(put, then)

    def _was_written(
        self, claim: Claim, number: int, coming: Coming, size: int, response: ClientResponse
    ) -> None:
        if claim.number != number or self.open.get(claim.name) is not claim:
            return
        if not isinstance(response, WriteResponse) or response.outcome != "ok":
            self._again(claim, _why(response))
            return
        if claim.floor >= coming.token.number:
            self._again(claim)
            return
        out, now = self._out, self._out.now
        process = Process(
            name=claim.name,
            partition=self._hall.homes.partition(claim.name),
            behaviour=coming.behaviour,
            keep=coming.newest.keep,
            argument=coming.newest.argument,
            token=coming.token,
            state=coming.state,
            safe=coming.state,
            context=coming.context,
            since=now,
            bytes=size,
            queue=claim.queue,
            givers=[(g.giver, g.give.token, False) for g in coming.givers],
        )
        process.taken = max([g.give.token for g in coming.givers], default=NO_TOKEN)
        self._hall.learn(process, response)
        del self.open[claim.name]
        self._active.discard(claim.name)
        self._hall.running[claim.name] = process
        out.emit(NameClaimed(claim.name, coming.token, coming.over))
        kind, took = coming.behaviour.name, now - claim.began
        # Its last runner was silent when this was begun, and has given it after all.
        why = "moved" if claim.why == "died" and coming.givers else claim.why
        out.emit(RoomStarted(claim.name, kind, coming.token, why, size, took))
        self._hall.welcome(process, made=claim.why == "opened", revived=claim.revived)
        for late in claim.givers[len(coming.givers) :]:
            self.start(claim.name, "moved", given=late)  # it came while the claim was written
        if process.reread:
            self._hall.on_rival(process)
        self._next()

    def _revive(
        self, claim: Claim, process: Process, held: list[Checkpoint], context: Context
    ) -> None:
        """The room runs here already: it goes on above whoever else had the name, with all of it."""
        if process.writing or process.status == "moving" or process.closer is not None:
            self._again(claim)
            return
        self.open.pop(claim.name, None)
        self._active.discard(claim.name)
        process.queue.extend(claim.queue)
        claim.queue.clear()
        rivals = [c for c in held if c.token != process.token]
        process.context = join_contexts(process.context, context)
        top = max((c.token for c in rivals), default=NO_TOKEN)
        for rival in rivals:
            if rival.state is not None:
                process.absorb(rival.state)
        for given in claim.givers:
            process.absorb(given.give.state)
            process.context = join_contexts(process.context, given.give.context)
        process.reread, process.beyond = False, {}
        # What was given may have been taken, and its taker may say so later: under the same token
        # nobody could tell that what has happened since is not part of it.
        given = bool(process.given_at)
        if rivals or claim.givers or given or process.floor >= process.token.number:
            process.given_at = 0
            loser = max([top, *(g.give.token for g in claim.givers)], default=NO_TOKEN)
            process.over = max(loser, process.token)
            floor = Token(max(process.over.number, process.floor))
            process.token = self._token(process.name, floor)
            process.stored = False
            if loser.number:
                self._out.emit(NameWon(process.name, process.token, loser))
            process.taken = max([g.give.token for g in claim.givers], default=process.taken)
            process.givers += [(g.giver, g.give.token, True) for g in claim.givers]
            self._hall.awaken(process)
        self._hall.resume(process)
        self._next()

    # --- looking after --------------------------------------------------------------------------

    def tick(self) -> bool:
        """Go on with what had to wait. Says whether any claim is open."""
        now = self._out.now
        # Sooner than their senders give up: of these it is known that they were not done.
        before = now - self._config.call_timeout_us + 5 * self._config.tick_us
        for claim in list(self.open.values()):
            for letter in expired(claim.queue, before):
                trouble = claim.trouble or "its process has not started yet"
                refusal = Refusal(503, "not started", f"not done: {claim.name}: {trouble}"[:256])
                self._hall.answer(letter.caller, refusal)
            home = self._hall.homes.home(claim.name)
            if home not in (self._out.name, None) and claim.name not in self._hall.running:
                self.drop(claim, elsewhere(home))
            elif claim.step == "bringing" and claim.due <= now:
                claim.number += 1
                self._read(claim)
            elif claim.step == "waiting" and claim.due <= now:
                self._line_up(claim)
        self._next()
        return bool(self.open)

    def rows(self) -> list[RoomRow]:
        """What is starting, for observers. Without a behaviour: nobody here knows such a room yet."""
        known = self._hall.names.known
        return [
            RoomRow(
                c.name,
                known[c.name].behaviour if c.name in known else "",
                NO_TOKEN,
                "starting",
                0,
                len(c.queue),
                c.began,
            )
            for c in self.open.values()
            if c.name not in self._hall.running
        ]


def elsewhere(home: NodeId | None) -> Refusal:
    """The message was not for this node; `detail` is where the room belongs."""
    return Refusal(421, "elsewhere", home or NOBODY)


def _why(response: ClientResponse) -> str:
    """Why the store did not do as asked, in its own words."""
    return "" if isinstance(response, ReadResponse) else response.detail
