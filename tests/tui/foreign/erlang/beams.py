"""Real Erlang nodes for tests, on a port mapper and a cookie of their own: begun, told things, ended."""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import socket
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from time import monotonic
from typing import Final

HOST: Final = "127.0.0.1"
ERLANG: Final = shutil.which("erl") is not None and shutil.which("epmd") is not None
WITHIN_S: Final = 60.0
SERVES: Final = """
Serve = fun(Serve) ->
    case io:parse_erl_exprs('') of
        {ok, Exprs, _} ->
            Said = try erl_eval:exprs(Exprs, []) of {value, Value, _} -> Value catch _:Why -> Why end,
            io:format("=> ~0p~n", [Said]),
            Serve(Serve);
        _ -> halt(0)
    end
end,
io:format("=> up~n"),
Serve(Serve).
"""
"""Does what is written to it, a line at a time, and ends when nobody writes any more."""


GUARD: Final = 'read _; kill -9 "$@" 2>/dev/null'
"""When whoever holds its input is gone, so are these. Nodes end by themselves then, port mappers do not."""


class Beam:
    """One node."""

    def __init__(self, name: str, process: Process) -> None:
        self.name = name
        self.process = process

    async def answer(self) -> str:
        """What it says next."""
        assert self.process.stdout is not None
        async with asyncio.timeout(WITHIN_S):
            while line := await self.process.stdout.readline():
                found = line.decode().strip()
                if found.startswith("=> "):
                    return found.removeprefix("=> ")
        raise AssertionError(f"{self.name} has ended")

    async def does(self, expression: str) -> str:
        """What an Erlang expression is there."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{expression}.\n".encode())
        await self.process.stdin.drain()
        return await self.answer()

    async def until(self, expression: str, wanted: str) -> None:
        """Wait until it is so."""
        deadline = monotonic() + WITHIN_S
        while (said := await self.does(expression)) != wanted:
            assert monotonic() < deadline, f"{self.name}: {expression} is {said}, not {wanted}"
            await asyncio.sleep(0.05)


class Beams:
    """Some nodes, and the port mapper they are found by."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.cookie = secrets.token_hex(12)
        self.cookie_file = home / "cookie"
        self.cookie_file.write_text(f"{self.cookie}\n")
        with socket.socket() as probe:
            probe.bind((HOST, 0))
            self.epmd = int(probe.getsockname()[1])
        self._processes: list[Process] = []

    def address(self, *names: str) -> str:
        """Of these nodes, as it is written on the command line."""
        return f"erlang://{','.join(names)}?epmd={self.epmd}&cookie-file={self.cookie_file}"

    async def start_epmd(self) -> None:
        """The port mapper, until it answers."""
        process = await self._run("epmd", "-port", str(self.epmd), "-address", HOST)
        await self._run("sh", "-c", GUARD, "guard", str(process.pid))
        deadline = monotonic() + WITHIN_S
        while True:
            try:
                _, writer = await asyncio.open_connection(HOST, self.epmd)
            except OSError:
                assert monotonic() < deadline
                assert process.returncode is None
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return

    async def node(
        self, name: str, *options: str, cookie: str = "", long_name: bool = True
    ) -> Beam:
        """One more node, when it is up."""
        named = ("-name" if long_name else "-sname", name)
        process = await self._run(
            *("erl", "-noshell", *named, "-setcookie", cookie or self.cookie),
            *("-start_epmd", "false", "+S", "1:1", "+sbwt", "none", *options),
            *("-kernel", "inet_dist_use_interface", "{127,0,0,1}"),
            *("-eval", " ".join(SERVES.split())),
        )
        beam = Beam(name, process)
        assert await beam.answer() == "up"
        return beam

    async def _run(self, *words: str) -> Process:
        environ = {
            **os.environ,
            "HOME": str(self.home),
            "ERL_EPMD_PORT": str(self.epmd),
            "ERL_EPMD_ADDRESS": HOST,
            "ERL_CRASH_DUMP": "/dev/null",
        }
        process = await asyncio.create_subprocess_exec(
            *words, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env=environ, start_new_session=True
        )
        self._processes.append(process)
        return process

    async def end(self) -> None:
        """Whatever was started."""
        for process in reversed(self._processes):
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    process.kill()
            await process.wait()


@asynccontextmanager
async def beams(home: Path) -> AsyncGenerator[Beams]:
    """A port mapper, and the nodes started in it."""
    some = Beams(home)
    try:
        await some.start_epmd()
        yield some
    finally:
        await some.end()
