"""What one viewer in a browser looks at: an inspecting dashboard, which changes and writes nothing.

`python -m tui.web.viewer TITLE WINDOW...`: started by `tui.web.server`, one for each page that is
open, with the windows that are known at that moment: any that answers leads to the others.
"""

from __future__ import annotations

import asyncio
import os
import sys

from cluster.model.member import Address
from tui.acts import Hands
from tui.dashboard import MasterlessApp, Options, Source, Take

NO_TERMINAL = ("COLUMNS", "LINES", "NO_COLOR")
"""Of the demo's own terminal: the page has its own size and colours."""


async def watch(title: str, windows: list[Address]) -> int:
    """Until the page is closed."""

    async def begin(_take: Take) -> tuple[Source, Hands | None]:
        from tui.sources.live import LiveSource

        return LiveSource(windows), None

    stage = "waiting for the cluster…"
    app = MasterlessApp(begin, Options(title=title, stage=stage, remote=True))
    code = await app.run_async()
    return code or 0


def main() -> int:
    """Be a viewer."""
    for name in NO_TERMINAL:
        os.environ.pop(name, None)
    os.environ.update(TERM="xterm-256color", COLORTERM="truecolor")
    return asyncio.run(watch(sys.argv[1], [Address(each) for each in sys.argv[2:]]))


if __name__ == "__main__":
    raise SystemExit(main())
