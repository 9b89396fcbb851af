"""`talk --export`: what is seen while the talk is checked, as one page."""

from __future__ import annotations

import argparse
from pathlib import Path
from time import localtime
from typing import TYPE_CHECKING, Final

from talk.command import files
from talk.export.page import page
from talk.export.shots import Camera
from talk.live.screening import Screening
from tui.command.saying import say

if TYPE_CHECKING:
    from talk.checking import Report
    from talk.deck.deck import Deck

SIZE: Final = (120, 36)
"""Columns and rows of the pictures."""


class Export:
    """The page that was asked for, or none. Its films are made while the talk is told."""

    def __init__(self, deck: Deck, args: argparse.Namespace) -> None:
        self._path: Path | None = args.export
        self._screening = Screening(args.seed)
        self.camera: Camera | None = None
        """What is to look at every step; None: nothing is."""
        if self._path is not None:
            # A simulated cluster lives in its own year, and its clock is not moved to ours.
            zone_us = localtime().tm_gmtoff * 1_000_000 if args.real else 0
            self.camera = Camera(*SIZE, zone_us=zone_us, seed=args.seed)
            self._screening.begin(deck)

    async def ready(self) -> None:
        """Wait for the films."""
        if self.camera is not None:
            self.camera.film, self.camera.flood = await self._screening.made()

    def save(self, report: Report, *, seed: int, notes: bool) -> None:
        """Write it, and say so."""
        if self.camera is None or self._path is None:
            return
        shots = self.camera.developed()
        whole = page(report, shots, seed=seed, notes=notes)
        files.save(self._path, whole)
        say(f"{self._path}: {len(shots)} steps, {len(whole) / 1e6:.1f} MB")
        if self._screening.trouble:
            say(f"without its films: {self._screening.trouble}")

    async def stop(self) -> None:
        """Nobody waits for a film any more."""
        await self._screening.stop()
