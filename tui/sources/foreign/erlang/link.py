"""One connection to one node: the handshake, ticks, questions and their answers.

Decides how long is waited and when a connection is given up. Reads what a node sends and acts on
nothing but answers and ticks: whatever else it sends (exits, links, monitors) is for processes that we
do not have.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from random import Random
from struct import pack
from typing import Final

from tui.sources.foreign.erlang.asking import PASS_THROUGH, REFUSAL, UNREAD, Answer, Question, asked
from tui.sources.foreign.erlang.decoding import addressed, decoded
from tui.sources.foreign.erlang.epmd import ErlangError, mute, port_of, reason
from tui.sources.foreign.erlang.handshake import (
    MESSAGE_MAX,
    Myself,
    challenged,
    greeting,
    proved,
    reply,
    welcomed,
)
from tui.sources.foreign.erlang.terms import Atom, Pid, Ref, Term, TermError

WITHIN_S: Final = 1.5
"""For the handshake, and for an answer."""
FRAME_MAX: Final = 8 * 1_048_576
WAITING_MAX: Final = 512
SENDS: Final = (2, 22)
"""A message to a process: ours is the only one."""
TICK: Final = pack(">I", 0)
TLS_ALERT: Final = b"\x15\x03"
"""How a TLS server's answer to a stranger begins. As a size it is larger than `MESSAGE_MAX`."""
WORD_MAX: Final = 1 << 18
"""The first word of a reference is smaller."""


class LastingError(ErlangError):
    """What will be so for long, and each attempt is logged by the node: another cookie, TLS."""


class Link:
    """A connection, open from `opened` on until it is closed or the node hangs up."""

    def __init__(
        self, node: str, myself: Myself, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.node = node
        self.creation = 0
        """The other's: another one is another life of the node."""
        self.address = ""
        """Where it listens."""
        self._reader = reader
        self._writer = writer
        self._pid = Pid(Atom(myself.name), 1, 0, myself.creation)
        self._waiting: dict[tuple[int, ...], asyncio.Future[Answer]] = {}
        self._number = 0
        self._why = ""
        self._reading: asyncio.Task[None] | None = None

    @property
    def why(self) -> str:
        """Why it is no longer open; empty while it is."""
        return self._why

    async def ask(self, questions: Sequence[Question]) -> list[Answer]:
        """The answers to all of them, in order. Raises ErlangError when one does not come."""
        if self._why:
            raise ErlangError(self._why)
        if not questions:
            return []
        if len(self._waiting) + len(questions) > WAITING_MAX:
            raise ErlangError(f"{self.node} owes too many answers")
        keys: list[tuple[int, ...]] = []
        frames: list[bytes] = []
        for question in questions:
            self._number += 1
            words = (self._number % WORD_MAX, self._number // WORD_MAX, 0)
            frames.append(
                asked(question, self._pid, Ref(self._pid.node, self._pid.creation, words))
            )
            keys.append(words)
        loop = asyncio.get_running_loop()
        answers = [self._waiting.setdefault(words, loop.create_future()) for words in keys]
        try:
            async with asyncio.timeout(WITHIN_S):
                self._writer.write(b"".join(frames))  # at once: the node wakes once
                await self._writer.drain()
                return [await answer for answer in answers]
        except (TimeoutError, OSError):
            raise ErlangError(f"{self.node} does not answer") from None
        finally:
            for words, answer in zip(keys, answers, strict=True):
                self._waiting.pop(words, None)
                answer.cancel()

    # --- meeting ---------------------------------------------------------------------------------

    async def meet(self, myself: Myself, cookie: str, ours: int) -> bool:
        """The handshake. False: the node thinks that we are connected already. Raises ErlangError."""
        self._put(greeting(myself))
        if not welcomed(await self._message("said nothing"), self.node):
            self._put(b"sfalse")
            return False
        challenge = challenged(await self._message("did not go on"), self.node)
        self._put(reply(cookie, challenge.challenge, ours))
        try:
            ack = await self._message("")
        except ErlangError:
            raise LastingError(
                f"{self.node} has another cookie: name the file of its own with --cookie FILE"
            ) from None
        proved(ack, cookie, ours, self.node)
        self.creation = challenge.creation
        self._reading = asyncio.create_task(self._read(), name=f"erlang {self.node}")
        return True

    def _put(self, message: bytes) -> None:
        self._writer.write(pack(">H", len(message)) + message)

    async def _message(self, failing: str) -> bytes:
        """One message of the handshake."""
        try:
            head = await self._reader.readexactly(2)
            if head == TLS_ALERT:
                raise LastingError(
                    f"{self.node} speaks TLS (-proto_dist inet_tls), and only plain distribution is "
                    "read here: name a node that speaks it"
                )
            size = int.from_bytes(head)
            if not 0 < size <= MESSAGE_MAX:
                raise ErlangError(
                    f"what listens for {self.node} does not speak as an Erlang node does"
                )
            return await self._reader.readexactly(size)
        except (asyncio.IncompleteReadError, OSError):
            raise ErlangError(
                f"{self.node} {failing} and hung up; does it speak TLS? Only plain distribution is read"
            ) from None

    # --- reading ---------------------------------------------------------------------------------

    async def _read(self) -> None:
        why = f"{self.node} hung up"
        try:
            while True:
                size = int.from_bytes(await self._reader.readexactly(4))
                if size > FRAME_MAX:
                    why = f"{self.node} sent more than was asked for"
                    break
                if not size:
                    self._writer.write(TICK)
                    continue
                self._heard(await self._reader.readexactly(size))
        except TermError as error:
            why = f"{self.node} sent what cannot be read ({error})"
        except (asyncio.IncompleteReadError, OSError):
            pass
        self._end(why)

    def _heard(self, frame: bytes) -> None:
        """One message: an answer, or nothing for us. Raises TermError."""
        if frame[:1] != PASS_THROUGH:
            raise TermError("a message in a form that we said we do not know")
        control, at = decoded(frame, 1)
        if not isinstance(control, tuple) or not control or control[0] not in SENDS:
            return
        try:
            message, _ = decoded(frame, at)
        except TermError:  # costs this answer alone: the next message begins where this one ends
            self._told(addressed(frame, at), UNREAD)
            return
        match message:
            case (number, answer):
                self._told(number, REFUSAL if _refused(answer) else answer)
            case _:
                pass

    def _told(self, number: Term, answer: Answer) -> None:
        waiting = self._waiting.get(number.words) if isinstance(number, Ref) else None
        if waiting is not None and not waiting.done():
            waiting.set_result(answer)

    def _end(self, why: str) -> None:
        self._why = self._why or why
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(ErlangError(self._why))
                answer.exception()  # it is the asker's to raise; nobody may be there to
        self._writer.close()

    async def close(self) -> None:
        """Hang up."""
        self._end(f"{self.node} was let go")
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.wait([self._reading])


def _refused(answer: Term) -> bool:
    return isinstance(answer, tuple) and len(answer) == 2 and answer[0] == "badrpc"


async def opened(node: str, epmd: int, myself: Myself, cookie: str, chance: Random) -> Link | None:
    """A link to a node. None: it thinks that somebody of our name is there. Raises ErlangError."""
    link: Link | None = None
    mapped = False
    try:
        async with asyncio.timeout(WITHIN_S):
            port = await port_of(node, epmd)
            mapped = True
            host = node.partition("@")[2]
            try:
                reader, writer = await asyncio.open_connection(host, port)
            except (OSError, UnicodeError) as error:
                raise ErlangError(f"{node} takes no connections ({reason(error)})") from None
            link = Link(node, myself, reader, writer)
            link.address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
            if await link.meet(myself, cookie, chance.getrandbits(32)):
                met, link = link, None
                return met
            return None
    except TimeoutError:
        if not mapped:
            raise ErlangError(mute(node, epmd)) from None
        raise ErlangError(f"{node} does not answer") from None
    finally:
        if link is not None:
            await link.close()
