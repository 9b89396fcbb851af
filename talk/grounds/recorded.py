"""A talk from the recording of a rehearsal: no cluster, the same pictures, the same claims judged again.

Slides are found by their titles, so that a deck whose order changed still finds them; of several visits
to one slide the one in which most was done counts, of equals the last. Time plays on from the slide's
mark, and stands still in front of each act until a cue asks for that act: the speaker may be slower or
quicker than at the rehearsal, what the audience sees comes in the same order. At the end of what was
recorded of a slide the picture stands. What was not recorded is refused with a sentence.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from time import monotonic_ns
from typing import Final

import msgspec

from cluster.model.facts import Fact
from cluster.sim.pairs.record import Played
from talk.deck.deck import Act, Deck, Need
from talk.grounds.ground import Done, GroundError, Tell
from talk.grounds.visits import Deed, Visit, visits
from talk.pace import names
from talk.rehearsal import KIND, beside
from tui.timeline.recording import NotARecordingError, Recording
from tui.view import ClusterView

TICK_S: Final = 0.05
BEHIND_US: Final = 250_000
"""No more than this is played at once, however long nobody looked: it would be a jump."""
MENDS: Final = "--rehearse FILE.rec records the talk anew"
PAIRS_BYTES_MAX: Final = 16 * 1_048_576


class RecordedGround:
    """One recording, sought and played. `real`: at the pace of the wall's clock; else as asked."""

    makes = False

    def __init__(
        self,
        recording: Recording,
        deck: Deck,
        records: dict[str, Played],
        *,
        real: bool = True,
        clock_ns: Callable[[], int] = monotonic_ns,
    ) -> None:
        self.recording = recording
        self._deck = deck
        self._records = records
        self._real = real
        self._clock_ns = clock_ns
        self._last_ns = clock_ns()
        self._called = names(deck.slides)
        found = visits(recording.marks)
        if found and not found[-1].end_t:  # cut off
            found[-1].end_t, found[-1].end_seq = recording.end_us, recording.count
        self._visits: dict[str, Visit] = {}
        for visit in found:
            best = self._visits.get(visit.name)
            if best is None or len(visit.deeds) >= len(best.deeds):
                self._visits[visit.name] = visit
        self.trouble = self._trouble(records)
        self._visit = Visit("", recording.begin_us, recording.first, 0, "", [], [])
        self._todo: list[Deed] = []
        self._t = recording.begin_us
        self._place = recording.first

    def _trouble(self, records: dict[str, Played]) -> str:
        """What of the deck cannot be told from it, and why; empty: all can."""
        names = {claim.pair for slide in self._deck.slides for claim in slide.claims if claim.pair}
        shown = [self._called[place] for place, s in enumerate(self._deck.slides) if not s.still]
        missing = [name for name in shown if name not in self._visits]
        said: list[str] = []
        if self.recording.cut_off:
            goes_on = self.recording.being_written
            said.append("it is still being written" if goes_on else "it was cut off")
        elif self.recording.trouble:
            said.append(self.recording.trouble)
        if missing:
            said.append(f"{len(missing)} of the deck's {len(shown)} slides are not in it")
        if names - set(records):
            beside_it = beside(self.recording.path).name
            count = len(names - set(records))
            said.append(f"{count} of {len(names)} pairs are not in {beside_it} beside it")
        return f"{self.recording.path}: {'; '.join(said)}: {MENDS}" if said else ""

    @property
    def simulated(self) -> bool:
        """As the cluster was of which the slide was recorded."""
        return self._visit.label.startswith("simulated")

    def label(self) -> str:
        """That it is recorded, and of what."""
        return "recorded, simulated" if self.simulated else "recorded"

    @property
    def slides(self) -> int:
        """How many of the deck's slides are in it."""
        return sum(name in self._visits for name in self._called)

    @property
    def now(self) -> int:
        """The clock of the cluster that was recorded."""
        return self._t - self._visit.later

    @property
    def stretch(self) -> float:
        """As it was measured then."""
        return next((s for t, s in reversed(self._visit.stretches) if t <= self._t), 1.0)

    # --- time ------------------------------------------------------------------------------------

    def _next(self) -> Deed | None:
        """What is done next; None: nothing more on this slide."""
        ahead = (deed for deed in self._todo if deed.t >= self._t)
        return min(ahead, key=lambda deed: deed.t, default=None)

    def _limit(self) -> int:
        """How far time may go: to the next act, or the end of the slide."""
        deed = self._next()
        return max(self._t, deed.t if deed is not None else self._visit.end_t)

    @property
    def stands(self) -> str | None:
        """The act that time has come to, or that the slide's recording has come to its end."""
        if self._t < self._limit():
            return None
        deed = self._next()
        return deed.label if deed is not None else ""

    def _play(self, us: int) -> None:
        self._t = min(self._t + us, self._limit())

    def _pass(self) -> None:
        """Play on by what went by since this was last asked."""
        now = self._clock_ns()
        went, self._last_ns = (now - self._last_ns) // 1_000, now
        if self._real:
            self._play(min(went, BEHIND_US))

    def take(self) -> list[Fact]:
        """What was told up to now."""
        self._pass()
        ahead = [deed.seq for deed in self._todo if deed.t >= self._t]
        most = min(ahead, default=self._visit.end_seq)
        place = max(self._place, min(self.recording.place_at(self._t), most))
        facts = self.recording.between(self._place, place)
        self._place = place
        return facts

    async def pass_time(self, us: int) -> None:
        """Play on."""
        if self._real:
            await asyncio.sleep(us / 1e6)
        else:
            self._play(us)

    # --- slides and acts ---------------------------------------------------------------------------

    def seek(self, slide: int) -> None:
        """To where a slide begins, by its number. Raises GroundError."""
        name = self._called[slide - 1]
        visit = self._visits.get(name)
        if visit is None:
            raise GroundError(f"the recording has no slide “{name}”: rehearse it again")
        self._visit = visit
        self._todo = list(visit.deeds)
        self._t, self._place = visit.t, visit.seq
        self._last_ns = self._clock_ns()

    async def prepare(
        self,
        need: Need,  # noqa: ARG002
        *,
        fresh: bool,  # noqa: ARG002
        tell: Tell,
        slide: int = 0,
    ) -> bool:
        """To that slide."""
        tell("from the recording")
        self.seek(slide)
        return True

    def beginning(self) -> ClusterView:
        """What was known when the slide began."""
        return self.recording.view(self._place)

    def skip(self, act: Act) -> None:
        """To where something had been done. Raises GroundError."""
        deed = self._deed(act)
        self._todo.remove(deed)
        self._t = max(self._t, deed.done_t or deed.t)

    async def perform(self, act: Act, tell: Tell) -> Done:
        """Play on to where it had been done."""
        if act.verb == "play":
            record = self._records.get(act.args[0])
            if record is None:
                raise GroundError(f"the recording has no record of the pair {act.args[0]}")
            if any(deed.label == f"play {record.name}" for deed in self._todo):
                self.skip(act)
            return Done(f"played {record.name} both ways", record)
        deed = self._deed(act)
        self._todo.remove(deed)
        self._t = max(self._t, deed.t)
        tell(deed.label)
        while self._real and self._t < min(deed.done_t, self._limit()):
            await asyncio.sleep(TICK_S)
            self._pass()
        self._t = max(self._t, deed.done_t)
        return Done(f"{deed.label}, as recorded")

    def _deed(self, act: Act) -> Deed:
        for deed in self._todo:
            if deed.label == act.words:
                return deed
        raise GroundError(f"nobody did “{act.words}” here in the recording: rehearse it again")

    async def stop(self) -> None:
        """Done with the file."""
        self.recording.close()


def open_recording(path: Path, deck: Deck, *, real: bool = True) -> RecordedGround:
    """A ground from a rehearsal's file and what stands beside it. Raises GroundError."""
    try:
        recording = Recording(path)
    except NotARecordingError as error:
        raise GroundError(f"{error}; {MENDS}") from None
    except OSError as error:
        raise GroundError(f"{path}: {error.strerror or error}; {MENDS}") from None
    try:
        if not any(note.kind == KIND for note in recording.marks):
            raise GroundError(f"{path} is no rehearsal of a talk: there is no slide in it; {MENDS}")
        ground = RecordedGround(recording, deck, records(beside(path)), real=real)
        if not ground.slides:
            raise GroundError(f"{path} is a rehearsal of another deck: it has none of its slides")
        return ground
    except BaseException:
        # Also on Ctrl-C: a file that tells no talk must not stay open.
        recording.close()
        raise


def records(path: Path) -> dict[str, Played]:
    """Records of pairs; none when there is no such file. Raises GroundError."""
    try:
        with path.open("rb") as file:
            data = file.read(PAIRS_BYTES_MAX)
        return msgspec.json.decode(data, type=dict[str, Played])
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise GroundError(f"{path}: {error.strerror or error}") from None
    except (msgspec.MsgspecError, RecursionError) as error:
        why = f"{path} does not hold the records of pairs: {error}"
        raise GroundError(f"{why}; put back the one that was written, or {MENDS}") from None
