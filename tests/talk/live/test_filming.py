"""The process that makes a film ends with the stage, whatever it does, and a film comes whole."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from contextlib import suppress
from pathlib import Path

import pytest

from talk.live import filming
from talk.live.filming import ORPHANED, flooded

ROOT = Path(__file__).resolve().parents[3]
WITHIN_S = 60.0


@pytest.mark.real
async def test_when_the_stage_is_gone_its_film_is_given_up_at_once() -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "talk.live.filming", "overlay", "1"),
        stdin=PIPE,
        stdout=PIPE,
        cwd=ROOT,
    )
    assert process.stdin is not None
    process.stdin.close()
    async with asyncio.timeout(WITHIN_S):
        made, _ = await process.communicate()
    assert made == b"", "it did not play to its end"
    assert process.returncode == ORPHANED


@pytest.mark.real
async def test_a_film_that_is_no_longer_wanted_leaves_no_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    started: list[Process] = []
    start = asyncio.create_subprocess_exec

    async def kept(*words: str, **more: object) -> Process:
        started.append(await start(*words, **more))  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
        return started[-1]

    monkeypatch.setattr(filming.asyncio, "create_subprocess_exec", kept)
    wanted = asyncio.create_task(flooded(1))
    async with asyncio.timeout(WITHIN_S):
        while not started:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        wanted.cancel()
        with suppress(asyncio.CancelledError):
            await wanted
    assert started[0].returncode is not None, "it was ended, and waited for"
    assert started[0].returncode < 0


@pytest.mark.real
async def test_a_film_comes_whole() -> None:
    assert len(await flooded(1)) == 3
