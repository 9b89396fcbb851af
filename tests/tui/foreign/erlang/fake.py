"""A node that speaks Erlang's distribution from the other side, and keeps all that it was sent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from hashlib import md5
from struct import pack, unpack_from
from typing import Final

from tui.sources.foreign.erlang.decoding import decoded
from tui.sources.foreign.erlang.handshake import FLAGS, PUBLISHED
from tui.sources.foreign.erlang.terms import Atom, Pid, Ref, Term, encoded

HOST: Final = "127.0.0.1"
COOKIE: Final = "crumbs"
REFUSED: Final[Term] = (Atom("badrpc"), (Atom("EXIT"), Atom("undef")))
Call = tuple[str, str, tuple[Term, ...]]
Answers = Callable[[Call], Term]


def chars(text: str) -> list[Term]:
    """A string of theirs."""
    return [*map(ord, text)]


def plain(name: str, *others: str) -> Answers:
    """What a small node says, which lists these others."""
    process = Pid(Atom(name), 50, 0, 7)
    said: dict[tuple[str, str], Term] = {
        ("erlang", "nodes"): [Atom(other) for other in others],
        ("erlang", "otp_release"): chars("27"),
        ("erlang", "version"): chars("15.0"),
        ("erlang", "memory"): [(Atom("total"), 20_000_000), (Atom("ets"), 1_000_000)],
        ("erlang", "registered"): [Atom("rex"), Atom("code_server")],
        ("erlang", "whereis"): process,
        ("erlang", "process_info"): (Atom("message_queue_len"), 3),
        ("erlang", "system_info"): 1_000_000,
        ("erlang", "statistics"): 0,
        ("erlang", "time_offset"): 1_000_000,
        ("erlang", "convert_time_unit"): 1_000_000,
        ("net_kernel", "get_net_ticktime"): 60,
        ("application", "which_applications"): [(Atom("mnesia"), chars("MNESIA"), chars("4.20"))],
        ("application", "get_env"): Atom("undefined"),
        ("init", "get_argument"): Atom("error"),
        ("global", "registered_names"): [Atom("leader"), (Atom("game"), 7)],
        ("global", "whereis_name"): process,
        ("pg", "which_groups"): [b"chat"],
        ("pg", "get_members"): [process, Pid(Atom("x@h"), 1, 0, 7)],
        ("mnesia", "system_info"): [Atom(name)],
    }

    def answers(call: Call) -> Term:
        module, function, arguments = call
        first = str(arguments[0]) if arguments else ""
        return said.get((module, first), said.get((module, function), REFUSED))

    return answers


class Fake:
    """One node and its port mapper."""

    def __init__(self, name: str, answers: Answers, *, cookie: str = COOKIE) -> None:
        self.name = name
        self.answers = answers
        self.cookie = cookie
        self.epmd = 0
        self.calls: list[Call] = []
        self.others: list[bytes] = []
        """Frames that are no call to `rex` and no tick."""
        self.ticks = 0
        self.callers: list[str] = []
        self.flags: list[int] = []
        self.hung_up = 0
        self.lowest, self.highest = 5, 6
        self.status = b"ok"
        self.their_flags = FLAGS | PUBLISHED
        self.proves = True
        self.deaf = False
        self.says: list[bytes] = []
        """Sent as they are, before any answer."""
        self._port = 0

    async def mapped(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """As the port mapper."""
        size = int.from_bytes(await reader.readexactly(2))
        asked = await reader.readexactly(size)
        if asked == b"z" + self.name.partition("@")[0].encode():
            numbers = pack(">HBBHH", self._port, 77, 0, self.highest, self.lowest)
            writer.write(b"w\x00" + numbers + bytes(4))
        else:
            writer.write(b"w\x01")
        writer.close()

    async def met(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """As the node."""
        try:
            if await self._welcome(reader, writer):
                await self._serve(reader, writer)
        except asyncio.IncompleteReadError:
            self.hung_up += 1
        writer.close()

    async def _welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        async def message() -> bytes:
            return await reader.readexactly(int.from_bytes(await reader.readexactly(2)))

        def put(raw: bytes) -> None:
            writer.write(pack(">H", len(raw)) + raw)

        hello = await message()
        flags, _, length = unpack_from(">QIH", hello, 1)
        self.flags.append(flags)
        self.callers.append(hello[15 : 15 + length].decode())
        put(b"s" + self.status)
        if self.status != b"ok":
            self.others.append(await message())
            return False
        name = self.name.encode()
        put(b"N" + pack(">QIIH", self.their_flags, 4_000_000_000, 5, len(name)) + name)
        answer = await message()
        if answer[5:] != md5(f"{self.cookie}4000000000".encode()).digest():
            return False
        ours = int.from_bytes(answer[1:5])
        put(b"a" + (md5(f"{self.cookie}{ours}".encode()).digest() if self.proves else bytes(16)))
        return True

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            for raw in self.says:
                writer.write(raw)
            self.says.clear()
            frame = await reader.readexactly(int.from_bytes(await reader.readexactly(4)))
            if not frame:
                self.ticks += 1
                continue
            reply = self._reply(frame)
            if not self.deaf:
                writer.write(pack(">I", len(reply)) + reply)

    def _reply(self, frame: bytes) -> bytes:
        control, at = decoded(frame, 1)
        message, end = decoded(frame, at)
        match (frame[0], control, message):
            case (
                112,
                (6, Pid() as caller, _, "rex"),
                (
                    "$gen_call",
                    (Pid(), Ref() as number),
                    ("call", module, function, list(arguments), Pid()),
                ),
            ) if end == len(frame):
                call = (str(module), str(function), tuple(arguments))
                self.calls.append(call)
                return b"p" + encoded((2, Atom(""), caller)) + encoded((number, self.answers(call)))
            case _:
                self.others.append(frame)
                raise asyncio.IncompleteReadError(frame, None)

    def address(self, *names: str) -> str:
        """Of it, and of others."""
        return f"erlang://{','.join(names or (self.name,))}?epmd={self.epmd}&cookie-file="

    @asynccontextmanager
    async def up(self) -> AsyncGenerator[Fake]:
        """While it listens."""
        mapper = await asyncio.start_server(self.mapped, HOST, 0)
        node = await asyncio.start_server(self.met, HOST, 0)
        self.epmd = mapper.sockets[0].getsockname()[1]
        self._port = node.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            mapper.close()
            node.close()
