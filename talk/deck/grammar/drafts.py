"""One slide while it is read: what was said of it so far, and whether it holds together.

Decides what is revealed at which step and in which column, and what one part of a slide may ask of
another: cues that claims name, nodes that acts are done to.
"""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from talk.deck.deck import Act, Block, Claim, Cue, DeckError, Live, Need, Predicate, Slide, Wait
from talk.deck.grammar.claiming import claim
from talk.deck.grammar.comments import Command, Setting
from talk.deck.grammar.cues import END, NODES_MAX, ROOMS_MAX, Context, cue
from talk.deck.grammar.lives import live
from talk.deck.grammar.predicates import is_node, is_room
from talk.deck.grammar.source import US, Source, instead, shown

STAGES: Final = 7
QUESTIONS_MAX: Final = 99
COLUMNS: Final = 2
TRUE: Final = ("true", "yes", "on")
FALSE: Final = ("false", "no", "off")
UNKNOWN: Final = Need(nodes=NODES_MAX, rooms=ROOMS_MAX)
"""What runs after a slide whose need could not be read: whatever is named may be there."""
Lines = list[tuple[int, str]]
"""Of a block: the number of each line, and the line."""


class Standing:
    """What a slide finds when the ones before it were shown."""

    def __init__(self) -> None:
        self.need = Need()
        self.added = 0
        self.filled: set[str] = set()
        """Rooms that were opened by cues."""


class Draft:
    """A slide that is being read."""

    def __init__(self, context: Context, line: int) -> None:
        self.context = context
        self._torn = False
        """A cue could not be read whole: what seems to be missing may stand in it."""
        self.line = line
        self.path = context.source.path
        self.begun = False
        """Whether anything at all was said of it, be it a command."""
        self.said = False
        """Whether it has words or live parts."""
        self._titles: list[str] = []
        self._blocks: list[Block] = []
        self._step = 0
        self._rest = False
        """Whether what comes next waits for one more step."""
        self._incremental = False
        self._columns: tuple[int, ...] = ()
        self._widths: tuple[int, int] = (1, 1)
        self._column = 0
        self._lives: list[Live] = []
        self._cues: list[Cue] = []
        self._claims: list[Claim] = []
        self._notes: list[str] = []
        self._need: Need | None = None
        self._settings: dict[str, Setting] = {}
        self._flags: set[str] = set()

    @property
    def _source(self) -> Source:
        return self.context.source

    @property
    def _begun_in(self) -> Source:
        """The file in which the slide begins: another may have been included since."""
        return Source(self.path)

    def begin(self, line: int) -> None:
        """Something stands on this line, be it a command."""
        if not self.begun:
            self.begun, self.line, self.path = True, line, self._source.path

    def _say(self, line: int) -> None:
        """The first words or live part give a slide its line."""
        if not self.said:
            self.said, self.line, self.path = True, line, self._source.path

    # --- words -------------------------------------------------------------------------------------

    def title(self, text: str, line: int, underlined: str) -> None:
        """A line with a line of = or - under it."""
        if self._blocks or self._lives or self._cues or len(self._titles) > 1:
            raise self._source.error(
                line,
                f"{shown(text)} would be a second title: end the slide before it with "
                "<!-- end_slide -->"
                + (", or leave an empty line above the ---" if underlined == "-" else ""),
            )
        self._say(line)
        self._titles.append(text)

    def words(self, found: list[Block], line: int) -> None:
        """Paragraphs, lists, tables, code."""
        self._say(line)
        if self._columns and not self._column:
            raise self._source.error(line, "say in which column this is: <!-- column: 0 -->")
        if self._rest:
            self._step, self._rest = self._step + 1, False
        items = self._incremental and any(block.kind in ("item", "number") for block in found)
        for block in found:
            if items and block.kind in ("item", "number"):
                self._step += 1
            self._blocks.append(replace(block, step=self._step, column=self._column))
        self._rest = items

    def command(self, said: Command) -> None:
        """One of presenterm's."""
        value = said.value if isinstance(said.value, str) else ""
        match said.name:
            case "pause":
                self._rest = False
                self._step += 1
            case "incremental_lists":
                self._incremental = self._truth(value, said.line, said.name)
            case "column_layout":
                self._layout(said)
            case "column":
                self._enter(value, said.line)
            case "reset_layout":
                self._columns, self._column = (), 0
            case "jump_to_middle" | "skip_slide":
                self._flags.add(said.name)
            case "speaker_note":
                self._notes.append(value.strip())
            case _:
                pass

    def _layout(self, said: Command) -> None:
        parts = said.value if isinstance(said.value, list) else []
        if len(parts) != COLUMNS or not all(p.isascii() and p.isdigit() and int(p) for p in parts):
            raise self._source.error(
                said.line, "a slide has two columns: <!-- column_layout: [1, 1] -->"
            )
        self._columns = tuple(int(part) for part in parts)
        self._widths = (self._columns[0], self._columns[1])
        self._column = 0

    def _enter(self, value: str, line: int) -> None:
        if not self._columns:
            raise self._source.error(
                line, "there are no columns yet: write <!-- column_layout: [1, 1] --> above"
            )
        if value not in ("0", "1"):
            raise self._source.error(line, f"columns are 0 and 1, not {shown(value)}")
        if self._column == int(value) + 1:
            raise self._source.error(line, "this is that column already")
        self._column = int(value) + 1

    def _truth(self, text: str, line: int, what: str) -> bool:
        if text.lower() in TRUE:
            return True
        if text.lower() in FALSE:
            return False
        raise self._source.error(line, f"{what} is true or false, not {shown(text)}")

    def setting(self, said: Setting) -> None:
        """One of ours: stage, question, appendix, plan."""
        if said.key in self._settings:
            raise self._source.error(said.line, f"{said.key} is said twice of one slide")
        self._settings[said.key] = said

    # --- live parts --------------------------------------------------------------------------------

    def live(self, lines: Lines, line: int) -> None:
        """A `live` block."""
        self._say(line)
        source = self._source
        found = [(at, words) for at, text in lines if (words := source.bare(text, at))]
        if not found:
            raise source.error(line, "say what is shown, as in `ring`")
        if len(found) > 1:
            raise source.error(found[1][0], "one picture a block: open another ```live for it")
        self._lives.append(live(source, found[0][1], found[0][0], self.context.pairs))

    def cue(self, lines: Lines, line: int) -> None:
        """A `cue` block."""
        self._say(line)
        before = self.context.found
        try:
            written = cue(self.context, lines, line)
        except DeckError:
            self._torn = True
            raise
        self._torn |= self.context.found > before
        if written.need is not None:
            if self._need is not None or self._cues:
                raise self._source.error(
                    written.need.line, "what a slide needs stands first in its first cue"
                )
            self._need = written.need
        if written.cue is None:
            return
        if any(other.alias == written.cue.alias for other in self._cues if other.alias):
            raise self._source.error(line, f"two cues are called {shown(written.cue.alias)}")
        self._cues.append(written.cue)

    def claims_of(self, lines: Lines, line: int) -> None:
        """A `claim` block."""
        self._say(line)
        before, found = self.context.found, list[Claim]()
        for at, text in lines:
            with self.context.going_on():
                if said := claim(self.context, text, at):
                    found.append(said)
        if not found and self.context.found == before:
            raise self._source.error(line, "an empty claim says nothing; leave the block out")
        self._claims += found

    # --- the whole ---------------------------------------------------------------------------------

    def slide(self, number: int, standing: Standing) -> Slide:
        """All of it. Raises `DeckError` when its parts do not fit together."""
        if self._torn:
            standing.need = self._need or UNKNOWN
        else:
            self._aliases()
            self._present(standing)
        titles = (*self._titles, "", "")
        settings = self._settings
        plan = settings.get("plan")
        return Slide(
            number,
            titles[0],
            titles[1],
            tuple(self._blocks),
            self._step,
            tuple(self._lives),
            tuple(self._cues),
            tuple(self._claims),
            "\n".join(self._notes),
            self._need,
            self._whole("stage", STAGES),
            self._whole("question", QUESTIONS_MAX),
            "appendix" in settings and self._flag(settings["appendix"]),
            "jump_to_middle" in self._flags,
            self._begun_in.duration(str(plan.value), plan.line, "plan") / US["s"] if plan else 0.0,
            "skip_slide" in self._flags,
            self.line,
            self._widths,
            self.path,
        )

    def _whole(self, key: str, most: int) -> int:
        said = self._settings.get(key)
        if said is None:
            return 0
        text = str(said.value)
        if not (text.isascii() and text.isdigit() and len(text) < 4 and 1 <= int(text) <= most):
            raise self._begun_in.error(
                said.line, f"{key} is a number from 1 to {most}, not {shown(text)}"
            )
        return int(text)

    def _flag(self, said: Setting) -> bool:
        return self._truth(str(said.value), said.line, said.key)

    def _aliases(self) -> None:
        known = [made.alias for made in self._cues if made.alias]
        for said in self._claims:
            if said.alias and said.alias != END and said.alias not in known:
                hint = instead(said.alias, (*known, END))
                with self.context.going_on():
                    raise self._begun_in.error(
                        said.line, f"no cue of this slide is called {shown(said.alias)}; {hint}"
                    )

    def _present(self, standing: Standing) -> None:
        """Whether all nodes and rooms that are named can be there."""
        if self._need is not None:
            standing.need, standing.added = self._need, 0
            standing.filled.clear()
        acts = [step for made in self._cues for step in made.steps if isinstance(step, Act)]
        standing.added += sum(act.verb == "add" for act in acts)
        standing.filled |= {act.args[0] for act in acts if act.verb == "fill"}
        nodes = standing.need.nodes + standing.added
        named = [(name, act.line) for act in acts for arg in act.args for name in arg.split(",")]
        for what, line in self._conditions():
            named += [(name, line) for name in what.args]
        for name, line in dict.fromkeys(named):
            with self.context.going_on():
                if is_node(name) > nodes:
                    raise self._begun_in.error(
                        line, f"there is no {name} here: this slide has n1 to n{nodes}"
                    )
                if name not in standing.filled and is_room(name) > standing.need.rooms:
                    raise self._begun_in.error(
                        line, f"there is no {name} here: this slide has {standing.need.rooms} rooms"
                    )

    def _conditions(self) -> list[tuple[Predicate, int]]:
        found = [(said.predicate, said.line) for said in self._claims if said.predicate]
        for made in self._cues:
            if made.trigger.predicate:
                found.append((made.trigger.predicate, made.line))
            found += [(step.predicate, step.line) for step in made.steps if isinstance(step, Wait)]
        return found
