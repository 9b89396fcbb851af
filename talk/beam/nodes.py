"""Three BEAM nodes of our own on loopback: one is killed, one stopped, and when do the others know?

Starts an epmd on a port of its own, so that no other Erlang on this machine is touched, and three
nodes with a cookie of their own that say what `nodes()` is whenever it changes. Decides what is done
to them and when; ends only what it started, by its id, and has a guard that does so when this program
dies first. Ignores how it is shown.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import signal
import socket
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import mkdtemp
from time import monotonic
from typing import Final

from msgspec.structs import replace

from talk.beam.course import Course, Notice

NAMES: Final = ("b1", "b2", "b3")
HOST: Final = "127.0.0.1"
UP_WITHIN_S: Final = 60.0
"""Until all three list each other; on a busy machine a BEAM takes seconds to start."""
KILL_WITHIN_S: Final = 30.0
STOP_WITHIN_S: Final = 120.0
"""Erlang's default gives up after 45 to 75 s."""
LOOK_S: Final = 0.05
LINE_MAX: Final = 65_536
DEFAULT_TICK_S: Final = 60
SAYS: Final = """
io:format("up ~s ~p~n", [erlang:system_info(otp_release), net_kernel:get_net_ticktime()]),
Say = fun(Say, Last) ->
    Now = lists:sort(nodes()),
    case Now of Last -> ok; _ -> io:format("nodes ~p~n", [Now]) end,
    timer:sleep(20),
    Say(Say, Now)
end,
Ping = fun(Ping) ->
    [net_adm:ping(list_to_atom(P)) || P <- string:tokens(os:getenv("BEAM_PEERS"), " ")],
    case length(nodes()) of 2 -> ok; _ -> timer:sleep(200), Ping(Ping) end
end,
spawn(fun() -> Ping(Ping) end),
spawn(fun() -> io:get_line(""), halt(0) end),
Say(Say, none).
"""
"""What each node runs: says what it is, then who it is linked with, and ends when its input does."""
GUARD: Final = 'read _; kill -9 "$@" 2>/dev/null'
"""When whoever holds its input is gone, so are these."""


class BeamError(Exception):
    """The comparison could not be made; one sentence says why."""


def installed() -> bool:
    """Whether there is an Erlang."""
    return shutil.which("erl") is not None and shutil.which("epmd") is not None


class _Node:
    """One of them, and what it last said."""

    def __init__(self, name: str, process: Process) -> None:
        self.name = name
        self.process = process
        self.release = ""
        self.tick_s = 0
        self.links: frozenset[str] = frozenset()
        self.reader = asyncio.create_task(self._read())

    async def _read(self) -> None:
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            word, _, rest = line.decode(errors="replace").strip().partition(" ")
            if word == "up":
                self.release, _, tick = rest.partition(" ")
                self.tick_s = int("".join(filter(str.isdigit, tick)) or 0)
            elif word == "nodes":
                self.links = frozenset(name for name in NAMES if f"'{name}@" in rest)


class Beam:
    """One comparison, begun once and watched from outside through `course`."""

    def __init__(self, tick_s: int | None = None) -> None:
        self._tick_s = tick_s
        """None: Erlang's own."""
        self.course = Course() if installed() else Course("absent")
        self._task: asyncio.Task[None] | None = None
        self._nodes: dict[str, _Node] = {}
        self._gone: set[str] = set()
        """Nodes to which something was done: they cannot say what they see."""
        self._others: list[Process] = []
        """The epmd and the guard."""

    def begin(self) -> None:
        """Start it, the first time; nothing where there is no Erlang."""
        if self._task is None and self.course.state != "absent":
            self._task = asyncio.create_task(self._compare())

    async def ended(self) -> None:
        """Until it is over."""
        if self._task is not None:
            await self._task

    async def stop(self) -> None:
        """End it and all that it started."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _compare(self) -> None:
        home = Path(mkdtemp(prefix="beam-"))
        self.course = replace(self.course, state="starting")
        try:
            await self._start(home)
            first = next(iter(self._nodes.values()))
            self.course = replace(
                self.course, state="killed", release=first.release, tick_s=first.tick_s
            )
            kill = await self._watch("b3", signal.SIGKILL, KILL_WITHIN_S)
            self.course = replace(self.course, state="stopped", kill=kill)
            stop = await self._watch("b2", signal.SIGSTOP, STOP_WITHIN_S)
            self.course = replace(self.course, state="done", stop=stop)
        except (BeamError, OSError) as error:
            self.course = replace(self.course, state="failed", trouble=str(error))
        finally:
            await self._end()
            shutil.rmtree(home, ignore_errors=True)

    async def _start(self, home: Path) -> None:
        cookie = home / ".erlang.cookie"
        cookie.write_text(secrets.token_hex(16))
        cookie.chmod(0o400)
        port = _free_port()
        peers = " ".join(f"{name}@{HOST}" for name in NAMES)
        environ = {
            **os.environ,
            "HOME": str(home),
            "ERL_EPMD_PORT": str(port),
            "ERL_EPMD_ADDRESS": HOST,
            "ERL_CRASH_DUMP": "/dev/null",
            "BEAM_PEERS": peers,
        }
        epmd = await self._run("epmd", "-port", str(port), "-address", HOST, environ=environ)
        self._others.append(epmd)
        tick = () if self._tick_s is None else ("-kernel", "net_ticktime", str(self._tick_s))
        for name in NAMES:
            process = await self._run(
                *("erl", "-noshell", "-name", f"{name}@{HOST}", "-start_epmd", "false"),
                *("-kernel", "inet_dist_use_interface", "{127,0,0,1}", *tick),
                *("+S", "1:1", "-eval", " ".join(SAYS.split())),
                environ=environ,
            )
            self._nodes[name] = _Node(name, process)
        pids = [str(process.pid) for process in (epmd, *(n.process for n in self._nodes.values()))]
        self._others.append(await self._run("sh", "-c", GUARD, "guard", *pids, environ=environ))

        def linked() -> bool:
            return all(len(node.links) == len(NAMES) - 1 for node in self._nodes.values())

        if not await self._until(linked, UP_WITHIN_S):
            raise BeamError(f"the BEAM nodes were not linked within {UP_WITHIN_S:g} s")

    async def _run(self, *words: str, environ: dict[str, str]) -> Process:
        return await asyncio.create_subprocess_exec(
            *words,
            stdin=PIPE,
            stdout=PIPE,
            stderr=DEVNULL,
            env=environ,
            limit=LINE_MAX,
            start_new_session=True,  # Ctrl-C is for us
        )

    async def _watch(self, name: str, what: signal.Signals, within_s: float) -> Notice:
        """Do it, and look until nobody lists it any more. Raises BeamError."""
        self._gone.add(name)
        left = [node for node in self._nodes.values() if node.name not in self._gone]
        who = tuple(node.name for node in left)
        began = monotonic()
        self._nodes[name].process.send_signal(what)

        def unseen() -> bool:
            passed = Notice(name, who, round(monotonic() - began, 2), known=False)
            kill = what == signal.SIGKILL
            self.course = replace(self.course, **{"kill" if kill else "stop": passed})
            return not any(name in node.links for node in left)

        if not await self._until(unseen, within_s):
            raise BeamError(f"after {within_s:g} s {name} was still listed by {', '.join(who)}")
        return Notice(name, who, round(monotonic() - began, 2), known=True)

    async def _until(self, so: Callable[[], bool], within_s: float) -> bool:
        end = monotonic() + within_s
        while not so():
            if monotonic() >= end:
                return False
            await asyncio.sleep(LOOK_S)
        return True

    async def _end(self) -> None:
        """Whatever was started, by its id; the guard first, for it has nothing to do any more."""
        processes = [*reversed(self._others), *(node.process for node in self._nodes.values())]
        for process in processes:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    process.kill()
        for process in processes:
            await process.wait()
        for node in self._nodes.values():
            node.reader.cancel()
        await asyncio.gather(*(n.reader for n in self._nodes.values()), return_exceptions=True)
        self._nodes, self._others = {}, []


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
