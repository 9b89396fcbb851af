"""One Serf agent's RPC, over one connection: questions, and the log it tells by itself."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from time import time_ns
from typing import Final, TypeVar

from msgspec.msgpack import encode
from msgspec.structs import replace

from cluster.model.member import Address, NodeId
from tui.sources.foreign.seen import Overheard, Row
from tui.sources.foreign.serf.coordinates import Coordinate, round_trip_us
from tui.sources.foreign.serf.words import (
    ALLOWED,
    WAITING_MAX,
    Answer,
    Conversation,
    Log,
    Members,
    NonsenseError,
    Place,
    Stats,
    overheard,
    read,
    row_of,
)

WITHIN_S: Final = 1.5
"""For one answer; an agent that takes longer is silent in this look."""
HUSH_S: Final = 0.5
"""So long after the log was asked for come lines of before: what they tell is over."""

_Kind = TypeVar("_Kind")


class SerfError(Exception):
    """An agent cannot be read: one sentence."""


class RefusedError(SerfError):
    """It heard the question and will not answer it; the connection stands."""


class Agent:
    """One agent."""

    def __init__(self, address: Address, key: str, hear: Callable[[Overheard], None]) -> None:
        self.address = address
        self.name = NodeId("")
        self.why = ""
        """Why it cannot be read now; empty when it can."""
        self.retry_at = 0.0
        self._key = key
        self._hear = hear
        self._writer: asyncio.StreamWriter | None = None
        self._reading: asyncio.Task[None] | None = None
        self._talk = Conversation()
        self._seq = 0
        self._waiting: dict[int, asyncio.Future[object]] = {}
        self._monitor = -1
        self._hushed_until = 0.0
        self._turn = asyncio.Lock()
        self._places: dict[NodeId, Coordinate] = {}
        self._placed = True
        """False: its agent has no coordinates (`disable_coordinates`)."""

    async def look(self) -> Row:
        """What it holds of everybody. Raises SerfError."""
        async with self._turn:
            try:
                if self._writer is None:
                    await self._open()
                members = read(await self._ask("members"), Members)
                stats = read(await self._ask("stats"), Stats)
                row = row_of(members.members, stats, self.address)
                if row is None:
                    raise RefusedError(f"the agent at {self.address} does not say who it is")
                self.name = row.name
                await self._place(row)
            except NonsenseError:
                await self.close()
                raise self._speaks_otherwise() from None
            except RefusedError:  # without its leave nothing more is to be had on this connection
                await self.close()
                raise
        return replace(row, round_trips=self._round_trips(row))

    # --- coordinates -----------------------------------------------------------------------------

    async def _place(self, row: Row) -> None:
        """One member's coordinate a look, its own first and then in turn: it costs one question."""
        if not self._placed:
            return
        self._places = {name: c for name, c in self._places.items() if name in row.opinions}
        name = next((n for n in (row.name, *row.opinions) if n not in self._places), None)
        if name is None:
            name = next(iter(self._places))
            self._places[name] = self._places.pop(name)  # to the end: whose turn it was
        try:
            place = read(await self._ask("get-coordinate", {"Node": name}), Place)
        except RefusedError:
            self._placed = False
            return
        self._places[name] = place.coord if place.ok and place.coord else Coordinate()

    def _round_trips(self, row: Row) -> dict[NodeId, int]:
        own = self._places.get(row.name)
        if own is None:
            return {}
        found = {
            name: round_trip_us(own, self._places[name])
            for name in row.opinions
            if name != row.name and name in self._places
        }
        return {name: us for name, us in found.items() if us}

    # --- the connection --------------------------------------------------------------------------

    async def _open(self) -> None:
        host, _, port = self.address.rpartition(":")
        try:
            async with asyncio.timeout(WITHIN_S):
                reader, writer = await asyncio.open_connection(host.strip("[]"), int(port))
        except (OSError, TimeoutError, UnicodeError) as error:
            why = "no answer" if isinstance(error, TimeoutError) else _reason(error)
            raise SerfError(f"no serf agent answers at {self.address} ({why})") from None
        self._writer = writer
        self._talk = Conversation()
        self._reading = asyncio.create_task(self._read(reader), name=f"serf {self.address}")
        await self._order("handshake", {"Version": 1})
        if self._key:
            await self._order("auth", {"AuthKey": self._key})
        self._hushed_until = asyncio.get_running_loop().time() + HUSH_S
        self._monitor = self._seq + 1
        await self._order("monitor", {"LogLevel": "DEBUG"})

    async def _order(self, command: str, body: dict[str, object]) -> None:
        """A command that is only acknowledged."""
        await self._say(command, body, answered=False)

    async def _ask(self, command: str, body: dict[str, object] | None = None) -> object:
        """A command that is answered with a body."""
        return await self._say(command, body, answered=True)

    async def _say(self, command: str, body: dict[str, object] | None, *, answered: bool) -> object:
        assert command in ALLOWED, f"{command} is nothing that a reader says"
        writer = self._writer
        if writer is None or len(self._waiting) >= WAITING_MAX:
            raise SerfError(f"the agent at {self.address} hung up")
        self._seq += 1
        answer: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        self._waiting[self._seq] = answer
        self._talk.expect(self._seq, answered=answered, streams=command == "monitor")
        packed = encode({"Command": command, "Seq": self._seq})
        writer.write(packed + (encode(body) if body is not None else b""))
        try:
            async with asyncio.timeout(WITHIN_S):
                await writer.drain()
                return await answer
        except (TimeoutError, OSError):
            await self.close()
            why = f"the agent at {self.address} does not answer"
            if not self.name:  # nobody has said a word of Serf there yet
                why = f"no serf agent speaks at {self.address}; give the port of its RPC (7373)"
            raise SerfError(why) from None

    async def _read(self, reader: asyncio.StreamReader) -> None:
        """Answers until the connection ends, or until it speaks nonsense."""
        gone = SerfError(f"the agent at {self.address} hung up")
        try:
            while data := await reader.read(65_536):
                for answer in self._talk.feed(data):
                    self._answered(answer)
        except NonsenseError:
            gone = self._speaks_otherwise()
        except OSError:
            pass
        self._hung_up(gone)

    def _answered(self, answer: Answer) -> None:
        waiting = self._waiting.pop(answer.seq, None)
        if answer.error:
            sentence = f"the agent at {self.address} refused: {answer.error}"
            if "auth" in answer.error.lower():
                sentence += "; give its key as serf://HOST:PORT?auth=KEY"
            if waiting is not None:
                _fail(waiting, RefusedError(sentence))
        elif waiting is not None:
            if not waiting.done():
                waiting.set_result(answer.body)
        elif answer.seq == self._monitor and self.name:
            line = read(answer.body, Log).log
            word = overheard(line, self.name, time_ns() // 1_000)
            if word is not None and asyncio.get_running_loop().time() >= self._hushed_until:
                self._hear(word)

    def _speaks_otherwise(self) -> SerfError:
        return SerfError(f"no serf agent speaks at {self.address}; give the port of its RPC (7373)")

    def _hung_up(self, why: SerfError) -> None:
        waiting, self._waiting = list(self._waiting.values()), {}
        for answer in waiting:
            _fail(answer, why)
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.close()

    async def close(self) -> None:
        """Hang up."""
        reading, self._reading = self._reading, None
        self._hung_up(SerfError(f"the agent at {self.address} was let go"))
        if reading is not None and reading is not asyncio.current_task():
            reading.cancel()
            await asyncio.wait([reading])


def _reason(error: OSError | UnicodeError) -> str:
    """In the system's words, without asyncio's."""
    if isinstance(error, UnicodeError):  # an empty part of it, or one over 63 letters
        return "that can be no host's name"
    return os.strerror(error.errno) if error.errno else error.strerror or str(error)


def _fail(answer: asyncio.Future[object], error: SerfError) -> None:
    if not answer.done():
        answer.set_exception(error)
        answer.exception()  # it is the asker's to raise; nobody may be there to
