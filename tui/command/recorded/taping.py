"""`masterless record`: every window's facts into one file, and a line that says how far it is."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Final

from cluster.lab.up import stop_requests
from tui.command.saying import FINE, NOT_FINE, CommandError, say, warn
from tui.judge.wording import counted
from tui.sources.foreign.watching import ForeignSource, shown, source_of
from tui.sources.live import LiveSource, wall
from tui.timeline.writer import Recorder

PERIOD_S: Final = 0.1
SAID_EVERY: Final = 10
"""Periods between two lines of progress."""
LINE_S: Final = 30
"""Where nobody can see a line change in place, a new one is printed this often."""

LOST: Final = ("removed", "replaced")
"""What may become of a file so that nobody can read what was written to it."""


async def tape(address: str, path: Path, lasting_s: float | None, prog: str) -> int:
    """Record until Ctrl-C, or for a time. The file is ended however this ends, unless the disk refuses
    it: then CommandError says what is kept. OSError when there is no file yet.
    """
    source = source_of(address)
    kept: list[Recorder] = []
    try:
        return await _tape(source, path, lasting_s, (shown(address), prog), kept)
    except BrokenPipeError:
        raise  # nobody reads what we say: the file is whole
    except OSError as error:
        if not kept:
            raise  # there is no file
        why = error.strerror or error
        if not kept[0].written:
            if kept[0].standing == "":
                path.unlink(missing_ok=True)  # noqa: ASYNC240 (once, and then it ends)
            raise CommandError(f"{path}: {why}; nothing was recorded", NOT_FINE) from None
        said = f"{kept[0].written:,} facts are kept, {prog} replay {path} shows them"
        raise CommandError(f"{path}: {why}; {said}", NOT_FINE) from None


async def _tape(
    source: LiveSource | ForeignSource,
    path: Path,
    lasting_s: float | None,
    names: tuple[str, str],
    kept: list[Recorder],
) -> int:
    address, prog = names
    began = wall()
    alive = sys.stderr.isatty()
    with Recorder(path, address, began) as recorder, stop_requests() as stopping:
        kept.append(recorder)
        source.start()
        turns = 0
        try:
            while not stopping.is_set():
                try:
                    async with asyncio.timeout(PERIOD_S):
                        await stopping.wait()
                except TimeoutError:
                    pass
                recorder.hear(source.drain(), wall())
                turns += 1
                if turns % SAID_EVERY == 0 and recorder.standing in LOST:
                    break  # whatever is written now nobody can read
                if alive and turns % SAID_EVERY == 0:
                    print(f"\r{progress(recorder, wall())}\x1b[K", end="", file=sys.stderr)
                    sys.stderr.flush()
                elif not alive and turns % (LINE_S * 10) == 0:
                    warn(progress(recorder, wall()))
                if lasting_s is not None and wall() - began >= lasting_s * 1e6:
                    break
        finally:
            await source.close()
            recorder.hear(source.drain(), wall())
    if alive:
        print(file=sys.stderr)
    if recorder.standing in LOST:
        raise CommandError(f"{path} was {_lost(recorder)}", NOT_FINE)
    say(f"{path}: {progress(recorder, wall())}")
    if recorder.standing == "moved":
        say(f"the file was moved meanwhile and is whole: {prog} replay shows it where it is now")
    else:
        say(f"{prog} replay {path} shows it")
    return FINE


def _lost(recorder: Recorder) -> str:
    if recorder.standing == "removed":
        return "removed meanwhile: nothing is kept"
    said = f"replaced by another file meanwhile: of {recorder.facts:,} facts heard nothing is kept"
    return f"{said} but what that file holds; record into a new one"


def progress(recorder: Recorder, now: int) -> str:
    """How long, how much, how large."""
    minutes, seconds = divmod((now - recorder.began) // 1_000_000, 60)
    each = recorder.bytes_written / max(1, recorder.facts)
    size = recorder.bytes_written / 1e6
    nodes = len(recorder.view.nodes)
    return (
        f"{minutes}:{seconds:02}  {recorder.facts:,} facts of {counted(nodes, 'node')}, {size:.1f} MB, "
        f"{each:.0f} bytes a fact"
    )
