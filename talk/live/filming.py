"""Films, made beside the stage: a process that plays a thousand peers, or three pipelines in a flood.

    python -m talk.live.filming overlay|queues SEED

prints one film as MessagePack. It takes some seconds of a processor, during which a talk must not
stand still. Its input is held by the stage and says nothing: when that ends, however the stage ended, so
does this, at once and in the middle of whatever it plays.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from asyncio.subprocess import DEVNULL, PIPE
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from cluster.sim.overlay.wave import Wave
    from cluster.sim.pairs.three_queues import Course

# What takes long to import is imported later: until it is watched, nothing ends with the stage.
ROOT: Final = Path(__file__).resolve().parents[2]
WITHIN_S: Final = 120.0
"""A film that takes longer is given up."""
ORPHANED: Final = 3
"""The exit code of a film that nobody waits for any more."""
Film: TypeAlias = "tuple[Wave, ...]"
Flood: TypeAlias = "tuple[Course, ...]"


class FilmError(Exception):
    """No film was made; one sentence says why."""


async def filmed(seed: int) -> Film:
    """The overlay's. Raises FilmError."""
    import msgspec

    from cluster.sim.overlay.wave import Wave

    out = await _made("overlay", seed)
    try:
        return msgspec.msgpack.decode(out, type=tuple[Wave, ...])
    except msgspec.MsgspecError:
        raise FilmError("the process that plays the thousand peers died") from None


async def flooded(seed: int) -> Flood:
    """The three pipelines'. Raises FilmError."""
    import msgspec

    from cluster.sim.pairs.three_queues import Course

    out = await _made("queues", seed)
    try:
        return msgspec.msgpack.decode(out, type=tuple[Course, ...])
    except msgspec.MsgspecError:
        raise FilmError("the process that plays the pipelines died") from None


async def _made(what: str, seed: int) -> bytes:
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH", ""))))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "talk.live.filming", what, str(seed)),
        stdin=PIPE,
        stdout=PIPE,
        stderr=DEVNULL,
        env={**os.environ, "PYTHONPATH": path},
        start_new_session=True,  # Ctrl-C is for us
    )
    try:
        async with asyncio.timeout(WITHIN_S):
            assert process.stdout is not None
            return await process.stdout.read()  # `communicate` would close the input, and end it
    except TimeoutError:
        raise FilmError(f"{what} was not played within {WITHIN_S:g} s") from None
    finally:
        if process.returncode is None:
            process.kill()
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()


def _end_with_the_stage() -> None:
    while os.read(0, 4_096):  # not through `sys.stdin`, whose lock would be held at our own end
        pass
    os._exit(ORPHANED)


def main() -> int:
    """Be that process."""
    threading.Thread(target=_end_with_the_stage, name="stage", daemon=True).start()
    import msgspec

    from cluster.sim.overlay.beyond import film
    from cluster.sim.pace import collect_rarely
    from cluster.sim.pairs.three_queues import courses

    collect_rarely()
    what, seed = sys.argv[1], int(sys.argv[2])
    made = courses(seed) if what == "queues" else film(seed)
    try:
        sys.stdout.buffer.write(msgspec.msgpack.encode(made))
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
