"""The stage's end of its page: says what was painted, as long as anybody looks.

Whoever looks is the affair of the page's own process (`talk.wall.server`), which asks for the picture
when the first one comes. The stage then tells it each picture once, however many look, and only rows
that changed; while nobody does it tells nothing. Nothing is ever read from there: who looks on can
neither turn the slides nor touch the cluster.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from time import monotonic
from typing import Final

from talk.export.picture import Painted, ground, runs
from talk.notes.site import reachable
from talk.wall.canvas import Drawn, framed
from tui.draw.frame import Frame
from tui.draw.theme import Theme
from tui.web.guards import LOOPBACK
from tui.web.order import Serve
from tui.web.relay import Guest
from tui.web.served import Served

PICTURES_HZ: Final = 10
"""As often as a picture is told. More is smoother where messages fly, and costs each phone its battery."""


class Wall:
    """What `talk --serve` asked for. Raises ServeError when it is begun where it cannot be."""

    def __init__(
        self, stage: Painted, host: str, port: int, clock: Callable[[], float] = monotonic
    ) -> None:
        self._stage = stage
        self._clock = clock
        self._host = host
        self._served = Served(
            Serve(port, host, "talk"), lambda end, _acts: self._admit(end), "talk.wall.server"
        )
        self._guests: dict[Guest, Frame | None] = {}
        """Who is told, and what it was told last."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._told = 0.0

    @property
    def address(self) -> str:
        """Where it is; empty before it is served."""
        port = self._served.address.rpartition(":")[2]
        return f"http://{reachable(self._host)}:{port}/" if port else ""

    @property
    def greeting(self) -> str:
        """Who can look on, and where."""
        local = self._host in LOOPBACK
        whose = "anybody on this machine" if local else "ANYBODY WHO REACHES THIS MACHINE"
        return f"{whose} can look on at {self.address}"

    @property
    def watched(self) -> bool:
        """Whether anybody looks."""
        return bool(self._guests)

    async def start(self) -> None:
        """Returns when it is served. Raises ServeError."""
        await self._served.start()

    def changed(self) -> None:
        """A tick of the stage is over."""
        now = self._clock()
        if not self._guests or now - self._told < 1 / PICTURES_HZ:
            return
        frame = self._stage.frame
        if not frame.width:
            return
        for guest, before in list(self._guests.items()):
            if frame is before:
                continue
            self._told = now
            drawn = self._drawn(frame, before)
            # A stage paints twice a second also when nothing has changed.
            if not drawn.rows or guest.tell(framed(drawn)):
                self._guests[guest] = frame
            else:
                del self._guests[guest]
                guest.end()

    def _drawn(self, frame: Frame, before: Frame | None) -> Drawn:
        same = before is not None and (before.width, before.height) == (frame.width, frame.height)
        changed = [
            y
            for y in range(frame.height)
            if not (same and before is not None)
            or frame.chars[y] != before.chars[y]
            or frame.inks[y] != before.inks[y]
        ]
        palette = self._stage.palette
        theme = Theme("truecolor", palette)
        rows = {y: list(runs(frame, y, theme)) for y in changed}
        return Drawn(frame.width, frame.height, ground(palette), self._stage.slide_title, rows)

    def _admit(self, end: socket.socket) -> None:
        task = asyncio.create_task(self._host_until_it_goes(end), name="wall")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _host_until_it_goes(self, end: socket.socket) -> None:
        reader, writer = await asyncio.open_unix_connection(sock=end, limit=1)
        guest = Guest(reader, writer)
        self._guests[guest] = None
        try:
            await reader.read(1)  # it has nothing to say: its first byte, or its end, ends it
        except ConnectionError:
            pass
        finally:
            self._guests.pop(guest, None)
            guest.end()

    async def stop(self) -> None:
        """End it, and everybody's view with it."""
        await self._served.stop()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
            await asyncio.sleep(0)  # what was hung up is closed in the loop's next turn
