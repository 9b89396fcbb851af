"""Calls of this node's clients to rooms anywhere: where each is sent, and when it is sent again.

A call goes to the room's home in one hop. A node that is not (or no longer) its home says where it
believes the room to be; a call that was certainly not done is sent there, or to a new home as soon
as the view names one. One that may have been done is asked again only if its sender said that twice
is the same as once; else its caller is told that nobody knows. The highest token seen of each room
travels with the calls, so that a process which missed that it was replaced does no work.

Ignores what the room does (`hall`).
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from cluster.config import MS, RoomsConfig
from cluster.model.member import NOBODY, MemberState, NodeId
from cluster.model.rooms.naming import NO_TOKEN, Token
from cluster.model.summary import RoomRow
from cluster.protocol.effects import RoomsRoll
from cluster.protocol.inputs import RequestId
from cluster.protocol.messages import Refusal, RoomAsk, RoomRequest, RoomResponse, RoomRollAsk
from cluster.protocol.outbox import Outbox
from cluster.protocol.rooms.hall import Hall
from cluster.protocol.rooms.homes import Homes
from cluster.protocol.rooms.process import Caller, Open
from cluster.protocol.swim.membership import Membership

HOPS_MAX = 8
"""A call that was told so often that the room is elsewhere waits before it asks again."""
SENSELESS = (400, 413)
"""Refusals that every copy of a call gets, whoever is asked."""
FENCES_MAX = 20_000
ROLLS_MAX = 64
ROLL_US = 1_000 * MS
MAY_RUN_ROOMS = (MemberState.ALIVE, MemberState.SUSPECT, MemberState.DEAD)


class _Roll(Struct):
    """A question to all members which rooms they run."""

    request_id: RequestId
    due: int
    silent: set[NodeId]
    unasked: frozenset[NodeId]
    heard: list[NodeId]
    rows: list[tuple[NodeId, RoomRow]]


class Desk:
    """The open calls of one node's clients."""

    def __init__(
        self, out: Outbox, config: RoomsConfig, members: Membership, homes: Homes, hall: Hall
    ) -> None:
        self._out = out
        self._config = config
        self._members = members
        self._homes = homes
        self._hall = hall
        self._open: dict[int, Open] = {}
        self._rolls: dict[int, _Roll] = {}
        self._fences: dict[str, Token] = {}
        self.on_here: Callable[[Caller, RoomRequest, Token], None] = lambda _c, _r, _t: None
        """Called with a message for a room whose home is this node."""
        self.rows: Callable[[], list[RoomRow]] = list
        """This node's own rooms."""

    # --- calls ----------------------------------------------------------------------------------

    def ask(self, request_id: RequestId, request: RoomRequest) -> None:
        """A client speaks to a room."""
        refusal = self._refuse(request)
        if refusal is not None:
            self._out.reply(request_id, refusal)
            return
        number = self._hall.ids.next()
        call = self._open[number] = Open(request_id, request, self._out.now)
        self._route(number, call)

    def _refuse(self, request: RoomRequest) -> Refusal | None:
        if len(request.message) > self._config.message_bytes_max:
            limit = f"a message to a room has at most {self._config.message_bytes_max} bytes"
            return Refusal(413, "message too long", limit)
        if len(self._open) >= self._config.calls_max:
            full = "not done: too many calls of this node's clients wait, try again"
            return Refusal(503, "overload", full)
        if self._members.leaving:
            return Refusal(503, "leaving", "not done: this node is leaving, ask another")
        return None

    def _route(self, number: int, call: Open) -> None:
        home = call.hint or self._homes.home(call.request.room) or NOBODY
        call.hint = NOBODY
        if home == NOBODY or (home != self._out.name and not self._homes.reachable(home)):
            call.retry_at = self._out.now + self._config.tick_us
            return
        call.sent_to, call.retry_at = home, 0
        fence = self._fences.get(call.request.room, NO_TOKEN)
        if home == self._out.name:
            self.on_here(Caller(number), call.request, fence)
            return
        call.asked = True
        body = RoomAsk(number, call.request, fence, min(call.hops, HOPS_MAX))
        self._out.send(home, self._members.address(home), "stream", body)

    def answered(self, number: int, response: RoomResponse | Refusal) -> None:
        """A room, or a node that has it not, has answered."""
        call = self._open.get(number)
        if call is None:
            return
        if isinstance(response, Refusal) and response.status == 421:
            self._elsewhere(number, call, NodeId(response.detail))
            return
        del self._open[number]
        if call.doubted and isinstance(response, Refusal) and response.status not in SENSELESS:
            # That this copy was not done says nothing of the one before.
            why = f"nobody knows whether it was done: asked again, {response.detail}"
            response = Refusal(504, "unknown", why[:256])
        if isinstance(response, RoomResponse) and response.token.number:
            self._remember(call.request.room, response.token)
        self._out.reply(call.request_id, response)

    def _elsewhere(self, number: int, call: Open, home: NodeId) -> None:
        """It was certainly not done there."""
        call.hops += 1
        call.asked = False
        known = home == self._out.name or home in self._members.claims
        if known and home != call.sent_to and call.hops < HOPS_MAX:
            call.hint = home
            self._route(number, call)
        else:
            call.hops = 0
            call.retry_at = self._out.now + self._config.tick_us

    def _remember(self, room: str, token: Token) -> None:
        if len(self._fences) >= FENCES_MAX:
            self._fences.clear()  # it is learned again with the next answer
        if token > self._fences.get(room, NO_TOKEN):
            self._fences[room] = token

    def _lost(self, number: int, call: Open) -> None:
        """Who was asked is gone, and may have done it."""
        if call.request.again or not call.asked or call.request.act in ("open", "close"):
            call.doubted = call.doubted or call.asked
            call.retry_at = self._out.now
            return
        del self._open[number]
        why = f"nobody knows whether it was done: {call.sent_to} was lost while it was asked"
        self._out.reply(call.request_id, Refusal(504, "unknown", why))

    def tick(self) -> bool:
        """Send what waits, give up what is too old. Says whether anything is open."""
        now = self._out.now
        for number, call in list(self._open.items()):
            if now - call.at >= self._config.call_timeout_us:
                del self._open[number]
                self._out.reply(call.request_id, self._late(call))
            elif call.retry_at:
                if call.retry_at <= now:
                    self._route(number, call)
            elif call.sent_to != self._out.name and not self._homes.reachable(call.sent_to):
                self._lost(number, call)
        for roll in list(self._rolls.values()):
            # Who has left ran nothing any more. Who has died meanwhile is not waited for, and stays
            # among the silent: its rooms may be on nobody's list yet.
            roll.silent = {n for n in roll.silent if self._members.state(n) in MAY_RUN_ROOMS}
            if roll.due <= now or not any(map(self._homes.reachable, roll.silent)):
                self._end(roll)
        return bool(self._open or self._rolls)

    def _late(self, call: Open) -> Refusal:
        seconds = self._config.call_timeout_us / 1e6
        if call.asked or call.doubted or call.sent_to == self._out.name:
            why = f"nobody knows whether it was done: no answer within {seconds:g} s"
            return Refusal(504, "unknown", why)
        why = f"not done: no node that could run {call.request.room} was found in {seconds:g} s"
        return Refusal(503, "no home", why)

    # --- who runs what --------------------------------------------------------------------------

    def roll(self, request_id: RequestId) -> None:
        """Ask everybody which rooms they run."""
        if len(self._rolls) >= ROLLS_MAX:
            why = "too many are asking which rooms there are, try again"
            self._out.reply(request_id, Refusal(503, "overload", why))
            return
        number = self._hall.ids.next()
        others = self._members.others(MemberState.SUSPECT)
        unasked = frozenset(self._members.others(MemberState.DEAD)) - set(others)
        rows = [(self._out.name, row) for row in self.rows()]
        due = self._out.now + ROLL_US
        self._rolls[number] = roll = _Roll(
            request_id, due, set(others), unasked, [self._out.name], rows
        )
        for name in others:
            self._out.send(name, self._members.address(name), "stream", RoomRollAsk(number))
        if not others:
            self._end(roll)

    def told(self, number: int, rows: tuple[RoomRow, ...], sender: NodeId) -> None:
        """A member said which rooms it runs."""
        roll = self._rolls.get(number)
        if roll is None or sender not in roll.silent:
            return
        roll.silent.discard(sender)
        roll.heard.append(sender)
        roll.rows += [(sender, row) for row in rows]
        if not roll.silent:
            self._end(roll)

    def _end(self, roll: _Roll) -> None:
        self._rolls = {n: each for n, each in self._rolls.items() if each is not roll}
        rows = sorted(roll.rows, key=lambda each: (each[1].room, each[0]))
        # Death is a belief: who is only cut off from here runs its rooms on, for others.
        state = self._members.state
        unasked = [n for n in sorted(roll.unasked) if state(n) in MAY_RUN_ROOMS]
        removed = [n for n in sorted(self._members.claims) if state(n) is MemberState.REMOVED]
        silent = tuple(sorted(roll.silent))
        heard = tuple(sorted(roll.heard))
        told = RoomsRoll(tuple(rows), silent, tuple(unasked), tuple(removed), heard)
        self._out.reply(roll.request_id, told)
