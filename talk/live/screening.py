"""The film of one performance: made once, beside the stage, and how long a picture has been on.

A picture that comes on begins its wave anew; while the stage is frozen it stands. Ignores how it is
painted.
"""

from __future__ import annotations

import asyncio

from talk.beam.nodes import Beam
from talk.deck.deck import Deck, Live
from talk.deck.words import MESH
from talk.live.filming import Film, FilmError, Flood, filmed, flooded

KIND = "overlay"
FLOOD = "queues"
MOVING = frozenset({KIND, "quiz", FLOOD})
"""Pictures that run while they are on."""


class Screening:
    """One film, and one clock for it."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.beam = Beam()
        """A BEAM cluster, begun when it is shown."""
        self.flood: Flood = ()
        self.film: Film = ()
        self.trouble = ""
        """Why there is none."""
        self._task: asyncio.Task[None] | None = None
        self._on: Live | None = None
        self._shown_us = 0
        self._looked = 0.0

    def begin(self, deck: Deck) -> None:
        """Have it made, if the deck shows any of it: it takes seconds, and is needed minutes later."""
        kinds = {live.kind for slide in deck.slides for live in slide.lives}
        if kinds & {KIND, FLOOD} and self._task is None:
            self._task = asyncio.create_task(self._make(kinds))

    async def _make(self, kinds: set[str]) -> None:
        try:
            if KIND in kinds:
                self.film = await filmed(self.seed)
        except FilmError as error:
            self.trouble = str(error)
        try:
            if FLOOD in kinds:
                self.flood = await flooded(self.seed)
        except FilmError as error:
            self.trouble = str(error)

    async def made(self) -> tuple[Film, Flood]:
        """All there will be of it, once it is made."""
        if self._task is not None:
            await self._task
        return self.film, self.flood

    def shown_us(self, live: Live | None, now_s: float, *, frozen: bool) -> int:
        """How long the picture that is on has been running. Asked at every look."""
        passed, self._looked = now_s - self._looked, now_s
        if live is not None and live.kind == "beam":
            self.beam.begin()
        waits = live is not None and live.kind == KIND and live.subject != MESH and not self.film
        waits |= live is not None and live.kind == FLOOD and not self.flood
        if live is None or live.kind not in MOVING or waits:
            self._on = None
        elif live != self._on:
            self._on, self._shown_us = live, 0
        elif not frozen:
            self._shown_us += round(passed * 1_000_000)
        return self._shown_us if self._on is not None else 0

    async def stop(self) -> None:
        """Nobody waits for it any more."""
        await self.beam.stop()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
