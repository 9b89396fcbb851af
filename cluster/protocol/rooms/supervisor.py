"""Who is restarted after a crash, who takes others down, and when a room is given up.

Two supervisors stand above the rooms of a node, as a BEAM node has them: level 1 has all rooms as
its children, level 2 has level 1 as its only child. Each bears a number of restarts in a window,
counted over all its children: "if more than MaxR number of restarts occur in the last MaxT seconds,
the supervisor terminates all the child processes and then itself" (Erlang/OTP, supervisor(3),
"Maximum Restart Intensity"). So the 4th crash within 5 s, of whatever rooms, ends all rooms of
this node, and level 2 restarts level 1 with all its children and an empty window.

Where we depart: when level 2 has had enough too, OTP stops the application, and with it the node.
Here the room is given up (quarantined: `Checkpoint.failed`) and the node goes on. A room without a
master finds a new home when its node dies; a poisoned one would stop that node as well, and the
next, until the whole cluster is down.

Ignores what a crash was, and how a room is started again.
"""

from __future__ import annotations

from collections import deque
from typing import Generic, TypeVar

from msgspec import Struct

from cluster.config import RoomsConfig
from cluster.model.rooms.naming import Token

S = TypeVar("S")


class Restart(Struct, frozen=True):
    """Start the room again; nobody else notices."""

    restarts: int
    """Of all rooms within the window, this one included."""


class Escalate(Struct, frozen=True):
    """Level 1 has had enough: end all rooms of this node, then start all of them again."""

    restarts: int
    """Asked of level 1 within the window: the last one is the one too many."""


class GiveUp(Struct, frozen=True):
    """Level 2 has had enough: the room that crashed stays closed. The others are left alone."""

    restarts: int
    """Asked of level 2 within the window: how often all rooms would have been restarted."""


Verdict = Restart | Escalate | GiveUp


class Supervisor:
    """The two supervisors of one node."""

    def __init__(self, config: RoomsConfig) -> None:
        self._max = config.restarts_max
        self._window = config.restarts_window_us
        self._rooms: deque[int] = deque()
        """When level 1 restarted a room."""
        self._levels: deque[int] = deque()
        """When level 2 restarted level 1."""
        self._crashed: deque[tuple[int, str]] = deque(maxlen=(self._max + 1) ** 2)
        """The crashes that both levels together bear, to tell who is at fault."""

    def exited(self, room: str, now: int) -> Verdict:
        """A room's process crashed at `now` (microseconds, never running backwards).

        Bears `restarts_max` crashes within a window, and `restarts_max` times that all rooms are
        restarted. A room is given up only if no other has crashed more often lately: one whose
        single crash comes in the middle of a neighbour's is restarted, and the neighbour is next.
        """
        self._crashed.append((now, room))
        if (restarts := self._restarts(self._rooms, now)) <= self._max:
            return Restart(restarts)
        escalations = self._restarts(self._levels, now)
        if escalations <= self._max:
            self._rooms.clear()
            return Escalate(restarts)
        # Level 2 stays at its bound while its window lasts: a second poisoned room is given up as
        # soon as level 1 has had enough of it, without ending all the others three times more.
        self._levels.pop()
        if self._at_fault(room, now):
            self._rooms.clear()
            others = [crash for crash in self._crashed if crash[1] != room]
            self._crashed = deque(others, self._crashed.maxlen)
            return GiveUp(escalations)
        self._rooms.pop()
        return Restart(restarts)

    def _restarts(self, past: deque[int], now: int) -> int:
        """Count one more restart among those of the window. OTP's window includes both its ends."""
        while past and now - past[0] > self._window:
            past.popleft()
        past.append(now)
        return len(past)

    def _at_fault(self, room: str, now: int) -> bool:
        lately: dict[str, int] = {}
        for at, crashed in self._crashed:
            if now - at <= self._window:
                lately[crashed] = lately.get(crashed, 0) + 1
        return lately[room] == max(lately.values())


class Table(Struct, Generic[S], frozen=True):
    """A room's state as its heir holds it."""

    token: Token
    """Of the process that died and left it."""
    state: S


class Heirs(Generic[S]):
    """Where the state of rooms with `keep="heir"` goes when their process crashes.

    As an ETS table has an heir (Erlang/OTP, ets(3), `{heir, Pid, HeirData}`): the table outlives
    its owner and is handed to the next one. It also outlives an escalation, as the heir is no child
    of the rooms' supervisor, and dies with the node. A room that is closed, given up or moves away
    must be forgotten: what it comes back to would be a state from before.
    """

    def __init__(self, config: RoomsConfig) -> None:
        self._rooms_max = config.rooms_max
        self._tables: dict[str, Table[S]] = {}

    def __len__(self) -> int:
        return len(self._tables)

    def left(self, room: str, token: Token, state: S) -> bool:
        """A process died and leaves its state. False: no place, or a later process has left one."""
        held = self._tables.get(room)
        if held is None and len(self._tables) >= self._rooms_max:
            return False
        if held is not None and held.token > token:
            return False
        self._tables[room] = Table(token, state)
        return True

    def handed(self, room: str) -> Table[S] | None:
        """Give the state to the room's next process; the heir keeps nothing."""
        return self._tables.pop(room, None)

    def forget(self, room: str) -> None:
        """The room was closed or given up, or lives elsewhere."""
        self._tables.pop(room, None)
