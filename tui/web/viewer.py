"""What one viewer in a browser looks at: a dashboard of his own over another one's facts.

`python -m tui.web.viewer ORDER`: started by `tui.web.server`, one for each page that is open. A
running or simulated cluster comes over a socket that was handed on (`tui.web.spectator`); a
recording is read from its file, so that every viewer has a time line of his own. It writes no file.
"""

from __future__ import annotations

import asyncio
import os
import resource
import socket
import sys
from pathlib import Path
from typing import Final

import msgspec

from tui.acts import Hands
from tui.dashboard import MasterlessApp, Options, Recorded, Source, Take
from tui.timeline.recording import Recording
from tui.view import ClusterView
from tui.web.order import Watch
from tui.web.spectator import AskingHands, Spectator

NO_TERMINAL: Final = ("LINES", "NO_COLOR")
"""Of the dashboard's own terminal: the page has its own colours. COLUMNS and ROWS are the page's size
when it was opened; what it says of its size may arrive before the driver has said its own."""
MEMORY_MAX: Final = 1_536 * 1_048_576
"""Bytes of address space: what a page says can cost no more than its own view."""
NICE: Final = 5
"""How far behind the dashboard and its nodes viewers stand in the queue for a processor."""

THIS: Final = "this is the page: its address stands in your browser"


async def watch(order: Watch) -> int:
    """Until the page is closed."""
    end = socket.socket(fileno=order.feed)
    end.setblocking(False)
    spectator = Spectator(end, acts=order.acts)

    async def begin(_take: Take) -> tuple[Source, Hands | None]:
        return spectator, AskingHands(spectator) if order.acts else None

    stage = "waiting for the cluster…"
    options = Options(title=order.title, stage=stage, remote=True, dress=order.dress, pages=THIS)
    if order.simulated:

        def world(view: ClusterView) -> int:
            return max(spectator.now, view.at)

        app = MasterlessApp(begin, options, now=world, clockwork=spectator)
    else:
        app = MasterlessApp(begin, options)
    app.acts.refusal = order.refusal
    spectator.on_again = app.begin_again
    spectator.say = app.say
    spectator.ended = app.leave
    code = await app.run_async()
    return code or 0


async def replay(order: Watch) -> int:
    """The same over a file, until the page is closed."""
    reel = Recording(Path(order.recording))

    async def begin(_take: Take) -> tuple[Source, None]:
        return Recorded(()), None

    stage = "before the first word…"
    options = Options(title=order.title, stage=stage, remote=True, dress=order.dress, pages=THIS)
    app = MasterlessApp(begin, options, now=lambda _: reel.end_us, reel=reel)
    app.acts.refusal = order.refusal
    try:
        code = await app.run_async()
    finally:
        reel.close()
    return code or 0


def main() -> int:
    """Be a viewer."""
    for name in NO_TERMINAL:
        os.environ.pop(name, None)
    os.environ.update(TERM="xterm-256color", COLORTERM="truecolor")
    order = msgspec.json.decode(sys.argv[1], type=Watch)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MAX, MEMORY_MAX))
    os.nice(NICE)
    return asyncio.run(replay(order) if order.recording else watch(order))


if __name__ == "__main__":
    raise SystemExit(main())
