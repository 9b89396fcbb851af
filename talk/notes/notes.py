"""The presenter's view of one performance, as one thing to hold: served, told of ticks, ended.

The stage makes it, calls `changed` after each of its ticks and gives it its keys. Moments are worked
out `MOMENTS_HZ` times a second and at once after a key, only while somebody is connected, and told
only when they differ from the one before.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Final

import msgspec

from talk.export.picture import Painted, svg
from talk.notes.asking import Ask, Keys
from talk.notes.desk import desk, programme
from talk.notes.following import Follower
from talk.notes.site import Site, fresh_token, reachable
from talk.pace import UNKNOWN, Pace
from talk.stage.performance import Performance
from tui.draw.frame import Frame

MOMENTS_HZ: Final = 4
"""More makes clocks smoother, and costs the stage a verdict and 4 KB of JSON each."""
MACHINE_S: Final = 5.0
"""The processors and the battery are looked at this often."""
BATTERIES: Final = Path("/sys/class/power_supply")


class Notes:
    """One performance, for its presenter."""

    def __init__(
        self,
        performance: Performance,
        keys: Keys,
        pace: Pace = UNKNOWN,
        clock: Callable[[], float] = monotonic,
        stage: Painted | None = None,
    ) -> None:
        self._performance = performance
        self._stage = stage
        self._drawn: tuple[Frame, str] | None = None
        self._keys = keys
        self._pace = pace
        self._clock = clock
        self._told = programme(performance.deck, pace)
        self.follower = Follower(len(performance.deck.slides))
        self._site: Site | None = None
        self._address = ""
        self._made = -1.0
        self._text = b""
        self._machine = ("", -MACHINE_S)

    @property
    def address(self) -> str:
        """Where it is, with the token; empty before it is served."""
        return self._address

    @property
    def views(self) -> int:
        """How many are connected."""
        return self._site.views if self._site is not None else 0

    async def start(self, host: str, port: int) -> None:
        """Serve it. Raises NotesError."""
        token = fresh_token()
        first = msgspec.json.encode(self._told).decode()
        site = Site(host, token, first, self._obey, self._picture)
        await site.start(port)
        self._site = site
        self._address = f"http://{reachable(host)}:{site.port}/notes?token={token}"

    def changed(self) -> None:
        """A tick of the stage is over."""
        performance, now_s = self._performance, self._clock()
        self.follower.hear(performance.director, performance.ground.now, now_s)
        if self.views and now_s - self._made >= 1 / MOMENTS_HZ:
            self._made = now_s
            self._tell(now_s)

    def _tell(self, now_s: float) -> None:
        assert self._site is not None
        text = msgspec.json.encode(
            desk(
                self._performance,
                self.follower,
                self._keys,
                self._told,
                self._pace,
                now_s,
                machine=self._looked_at(now_s),
                viewers=self._site.views,
            )
        )
        if text != self._text:
            self._text = text
            self._site.tell(text.decode())

    def _obey(self, ask: Ask) -> None:
        self._keys.press(ask.do, ask.slide)
        self._made = -1.0

    def _picture(self) -> str:
        """What the audience sees, as SVG; drawn once for all who ask. Empty: there is nothing yet."""
        frame = self._stage.frame if self._stage is not None else Frame(0, 0)
        if not frame.width or self._stage is None:
            return ""
        if self._drawn is None or self._drawn[0] is not frame:
            self._drawn = (frame, svg(frame, self._stage.palette))
        return self._drawn[1]

    def _looked_at(self, now_s: float) -> str:
        said, at = self._machine
        if now_s - at >= MACHINE_S:
            said = machine()
            self._machine = (said, now_s)
        return said

    async def stop(self) -> None:
        """End it, and every view with it."""
        site, self._site = self._site, None
        if site is not None:
            await site.stop()


def machine(batteries: Path = BATTERIES) -> str:
    """How busy this machine is, and its battery where it has one."""
    parts: list[str] = []
    try:
        busy = os.getloadavg()[0]
        parts.append(f"load {busy:.1f} on {os.cpu_count() or 1} processors")
    except OSError:
        pass
    for capacity in sorted(batteries.glob("BAT*/capacity"))[:1]:
        try:
            parts.append(f"battery {int(capacity.read_text())}%")
        except (OSError, ValueError):
            pass
    return ", ".join(parts)
