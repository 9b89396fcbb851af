"""What stands beside the circle: the chosen node, shares, owners that serve, messages, moves.

Two lengths of the same column: `tall` with headings and air, `short` for 80x24.
"""

from __future__ import annotations

from textwrap import wrap
from typing import Final

from cluster.model.member import NodeId
from cluster.model.summary import RingTable
from tui.draw.chrome import fit
from tui.draw.flights import FLIGHT_US, Family, losses, rates
from tui.draw.frame import Frame
from tui.draw.glyphs import SETS, GlyphSet
from tui.judge.agreement import agreement, is_live, watched
from tui.judge.court.crowns import architecture_of, crown_of, following
from tui.judge.exposure import places, served
from tui.judge.foreign.telling import without
from tui.judge.rooms.lanes import moving_now
from tui.judge.rooms.survey import survey, told_rooms
from tui.judge.standing import Standing
from tui.judge.wording import counted
from tui.scene import ON_STAGE, Scene, clock, hue
from tui.view import NodeView

_COMETS: Final[dict[GlyphSet, dict[Family, str]]] = {
    "braille": {"probe": "  ⠐⠒", "gossip": "⠐⠂⠐⠒", "data": "⠤⠤⠶⠿", "repair": "⠶⠶⠿⣿"},
    "block": {"probe": "   ▄", "gossip": " ▖ ▄", "data": "▖▖▄▄", "repair": "▄▄▄█"},
    "ascii": {"probe": "   .", "gossip": " . .", "data": "..**", "repair": "****"},
}
_SLOWED: Final = f"slowed to {FLIGHT_US / 1e6:.1f} s"
_ROOMY: Final = 44
"""From this width on numbers are written out."""


class Ringside:
    """The column from `x` up to, not including, `end`."""

    def __init__(
        self,
        frame: Frame,
        scene: Scene,
        table: RingTable,
        stands: dict[NodeId, Standing],
        x: int,
        end: int,
    ) -> None:
        self.frame = frame
        self.scene = scene
        self.table = table
        self.stands = stands
        self.x = x
        self.width = end - x
        self.end = end
        self.glyphs = SETS[scene.glyphs]
        self.y = 0

    def tall(self, y: int, rows: int) -> None:
        """With room to breathe: every section under its heading."""
        bottom = y + rows
        self.y = y
        self._chosen(3)
        self._heading(*self._seats_title())
        self._seats(max(3, rows - 22))
        self._heading("partitions by owners that serve", "")
        self._served_bars()
        self.y += 1
        self._messages("messages per second", self._shown(f"{_SLOWED} to be seen"), whole=True)
        self._heading("moving now", "")
        self._list(self._moving() or [self._at_rest()], bottom)
        self._latest(bottom)

    def short(self, y: int, rows: int) -> None:
        """The same facts without air."""
        bottom = y + rows
        self.y = y
        self._chosen(2)
        self._heading(*self._seats_title())
        self._seats(max(3, min(rows - 12, 8)))
        self._heading("partitions by owners that serve", "")
        self._served_words()
        if bottom - self.y > 4:
            self.y += 1
        self._messages("messages/s", self._shown(_SLOWED), whole=False)
        self._list(self._moving(), bottom)

    # --- lines -----------------------------------------------------------------------------------

    def _heading(self, text: str, note: str) -> None:
        self.y += 1
        self._title(text, note)

    def _shown(self, slowed: str) -> str:
        """How the picture shows messages."""
        return slowed if self.scene.motion else "drawn: traced, last 1 s"

    def _title(self, text: str, note: str) -> None:
        self.frame.text(self.x, self.y, fit(text, self.width), "accent")
        if note and len(text) + len(note) + 2 <= self.width:
            self.frame.right(self.end, self.y, note, "faint")
        self.y += 1

    def _list(self, lines: list[tuple[str, str]], bottom: int) -> None:
        room = bottom - self.y
        if room == 1 < len(lines):  # "and 29 more" alone would say nothing
            said = f"{len(lines)} transfers or hints under way"
            self.frame.text(self.x, self.y, fit(said, self.width), "")
            self.y += 1
            return
        if len(lines) > room:
            hidden = len(lines) - room + 1
            lines = [*lines[: max(0, room - 1)], (f"and {hidden} more", "muted")][: max(0, room)]
        for text, role in lines:
            self.frame.text(self.x, self.y, fit(text, self.width), role)
            self.y += 1

    def _latest(self, bottom: int) -> None:
        """The last events, in whatever room is left."""
        room = min(8, bottom - self.y - 2)
        events = self.scene.view.events[-room:] if room >= 2 else ()
        if not events:
            return
        self._heading("what happened", "")
        for event in events:
            x = self.frame.text(self.x, self.y, clock(self.scene, event.at), "faint")
            x = self.frame.text(x + 1, self.y, f"{event.node}  ", "muted")
            self.frame.text(x, self.y, fit(event.text, self.end - x), event.tone)
            self.y += 1

    # --- the chosen node -------------------------------------------------------------------------

    def _chosen(self, lines: int) -> None:
        name = self.scene.selected
        node = self.scene.view.nodes.get(name) if name else None
        if node is None:
            if self.scene.source != ON_STAGE:
                self.frame.text(self.x, self.y, "no node chosen", "muted")
                self.frame.text(self.x, self.y + 1, "↑↓ or a click chooses one", "faint")
        else:
            for row, parts in enumerate(self._about(node)[:lines]):
                x = self.x
                for text, role in parts:
                    if row or x + len(text) <= self.end:
                        x = self.frame.text(x, self.y + row, fit(text, self.end - x), role)
        self.y += lines

    def _about(self, node: NodeView) -> list[list[tuple[str, str]]]:
        standing = self.stands[node.name]
        first = [
            (f"{node.name}  ", f"owner{hue(self.scene.view, node.name)}"),
            (f"{standing.glyph(self.scene.glyphs)} {standing.word}", standing.role),
        ]
        if standing.observers and not standing.well:
            first.append((f"   {standing.said_by} of {standing.observers} say so", "muted"))
        if node.process in ("gone", "paused") and standing.word != node.process:
            first.append((f"   process {node.process}", "muted"))
        hints = sum(depth.count for depth in node.hints)
        second = (
            f"{node.keys:,} keys   keeps {counted(hints, 'hint')}   incarnation {node.incarnation}"
        )
        if len(second) > self.width:
            second = f"{node.keys:,} keys  {counted(hints, 'hint')}  inc {node.incarnation}"
        if not watched(self.scene.view, node.name):
            second = "not watched: only what others hold of it is known"
        pid = f"pid {node.pid}" if node.pid and node.process != "gone" else ""
        third = "   ".join(part for part in (node.window, pid, ", ".join(node.faults)) if part)
        return [first, [(second, "")], [(third, "muted")]]

    # --- who follows whom, or shares -------------------------------------------------------------

    def _seats_title(self) -> tuple[str, str]:
        kind = architecture_of(self.scene.view)
        return ("share of the ring", self._even()) if kind == "masterless" else ("who follows", "")

    def _seats(self, room: int) -> None:
        """Shares of the ring say nothing where a master decides."""
        if architecture_of(self.scene.view) == "masterless":
            self._shares(room)
            return
        nodes = list(self.scene.view.nodes.values())
        shown = nodes if len(nodes) <= room else nodes[: room - 1]
        for node in shown:
            self._follower(node)
        if len(shown) < len(nodes):
            more = f"and {len(nodes) - len(shown)} more"
            self.frame.text(self.x, self.y, more, "muted")
            self.y += 1

    def _follower(self, node: NodeView) -> None:
        worn = crown_of(self.scene.view, node, self.scene.now)
        shape = self.glyphs.crown if worn == "worn" else self.glyphs.shadow if worn else " "
        standing = self.stands[node.name]
        chosen = node.name == self.scene.selected
        self.frame.text(self.x, self.y, shape, "crown" if worn == "worn" else "muted", bold=True)
        x = self.x + 2
        colour = f"owner{hue(self.scene.view, node.name)}"
        x = self.frame.text(x, self.y, node.name.ljust(4), colour, bold=chosen)
        x = self.frame.text(x + 1, self.y, standing.glyph(self.scene.glyphs), standing.role)
        heard = is_live(node, self.scene.now)
        said = following(node) if heard or worn else "–"
        role = ("crown" if worn else "bad" if said == "nobody" else "") if heard else "faint"
        self.frame.text(x + 1, self.y, fit(said, self.width - 8), role, bold=chosen)
        self.frame.hit(self.x, self.y, self.width, 1, node.name)
        self.y += 1

    def _even(self) -> str:
        members = len(self.table.members)
        return f"an even share is {100 / members:.1f}%" if members else ""

    def _shares(self, room: int) -> None:
        held = places(self.table)
        total = sum(held.values()) or 1
        most = max(held.values(), default=1) or 1
        known = list(self.scene.view.nodes)
        order = sorted(held, key=lambda name: known.index(name) if name in known else len(known))
        shown = order if len(order) <= room else order[: room - 1]
        label = max((len(name) for name in order), default=2)
        for name in shown:
            self._share(name, label, held[name], most, total)
        if len(shown) < len(order):
            more = f"and {len(order) - len(shown)} more"
            self.frame.text(self.x, self.y, more, "muted")
            self.y += 1

    def _share(self, name: NodeId, label: int, held: int, most: int, total: int) -> None:
        standing = self.stands.get(name)
        well = standing is not None and standing.well
        chosen = name == self.scene.selected
        number = f"{held * 100 / total:.1f}%"
        if self.width >= _ROOMY:
            number = f"{held:>3} of {total}  {number:>5}"
        room = self.width - label - len(number) - 6
        bar = self.glyphs.bar if well else self.glyphs.ghost
        text = self.frame.text
        x = text(self.x, self.y, name.ljust(label), "title" if chosen else "", bold=chosen)
        if standing is not None:
            text(x + 1, self.y, standing.glyph(self.scene.glyphs), standing.role)
        colour = f"owner{hue(self.scene.view, name)}"
        text(x + 3, self.y, bar * max(1, round(room * held / most)), colour, bold=chosen)
        self.frame.right(self.end, self.y, number, "" if well else "muted")
        self.frame.hit(self.x, self.y, self.width, 1, name)
        self.y += 1

    # --- owners that serve -----------------------------------------------------------------------

    def _counts(self) -> list[tuple[str, int, str]]:
        nodes, now = self.scene.view.nodes, self.scene.now
        counts = served(nodes, agreement(self.scene.view, now), now)
        full = len(counts) - 1
        return [
            (f"{n} of {full}", counts[n], "good" if n == full else "warn" if n else "bad")
            for n in range(full, -1, -1)
        ]

    def _served_bars(self) -> None:
        room = self.width - 16
        full = "#" if self.scene.glyphs == "ascii" else "█"
        for label, count, role in self._counts():
            length = max(1, round(room * count / self.table.partitions)) if count else 0
            x = self.frame.text(self.x, self.y, label, "" if count else "muted") + 2
            x = self.frame.text(x, self.y, full * length, role)
            x += 1 if length else 0
            self.frame.text(x, self.y, str(count), role if count else "faint", bold=count > 0)
            self.y += 1

    def _served_words(self) -> None:
        x = self.x
        for label, count, role in self._counts():
            first = x == self.x
            if x + len(label.split()[0]) + 2 + len(str(count)) > self.end:
                break
            x = self.frame.text(x, self.y, f"{label if first else label.split()[0]}: ", "muted")
            number = role if count else "faint"
            x = self.frame.text(x, self.y, str(count), number, bold=count > 0) + 3
        self.y += 1

    # --- messages and moves ----------------------------------------------------------------------

    def _messages(self, title: str, note: str, *, whole: bool) -> None:
        """What flies, where that is told at all."""
        untold = without(self.scene.view, "messages")
        if not untold:
            self._title(title, note)
            self._kinds(whole=whole)
            return
        self._title("messages", "")
        for line in wrap(untold, self.width):
            self.frame.text(self.x, self.y, line, "muted")
            self.y += 1

    def _kinds(self, *, whole: bool) -> None:
        """Each family's comet, name and exact rate, two to a line where there is room."""
        comets = _COMETS[self.scene.glyphs]
        across = 2 if self.width >= 34 else 1
        families = rates(self.scene.view)
        for index, rate in enumerate(families):
            y = self.y + index // across
            whole = whole and self.width >= 42
            comet = comets[rate.family] if whole else comets[rate.family][-2:]
            comet = comet if self.scene.motion else ""
            x = self.frame.text(self.x + index % across * (self.width // 2), y, comet, "title")
            x = self.frame.text(x + bool(comet), y, f"{rate.family:<7}", "muted")
            self.frame.text(x, y, f"{rate.per_second:>6,.0f}")
        self.y += -(-len(families) // across)

    def _at_rest(self) -> tuple[str, str]:
        if architecture_of(self.scene.view) != "masterless":
            return ("nothing", "muted")
        full = self._counts()[0][1] == self.table.partitions
        why = "every copy is where it belongs" if full else "no copy is being made yet"
        rooms = survey(self.scene.view, self.scene.now)
        if full and rooms.total and rooms.well:
            why = f"all at home, {rooms.total:,} rooms too (the dots)"
        return (f"nothing: {why}", "muted")

    def _rooms(self) -> list[tuple[str, str]]:
        """Rooms on their way, and what else there is to say of them; the dots inside the ring."""
        view, now = self.scene.view, self.scene.now
        lines = [
            (f"{source} to {to}: {counted(len(flights), 'room')}", "joining")
            for (source, to), flights in moving_now(view, now).items()
        ]
        return lines + [(clause.short, tone) for tone, clause in told_rooms(view, now)]

    def _moving(self) -> list[tuple[str, str]]:
        lines: list[tuple[str, str]] = self._rooms()
        for node in self.scene.view.nodes.values():
            if node.process == "gone":
                continue
            if node.filling:
                waits = f", waits for {node.waiting_on}" if node.waiting_on else ""
                lines.append(
                    (f"{node.name} fills {counted(node.filling, 'partition')}{waits}", "joining")
                )
            lines += [
                (f"{node.name} {what}: {n}", "joining")
                for what, n in node.extras
                if "moves" in what
            ]
            for depth in node.hints:
                if depth.count:
                    age = max(0, self.scene.now - depth.oldest_at) / 1e6
                    waiting = f"{node.name} keeps {counted(depth.count, 'hint')} for {depth.target}"
                    lines.append((f"{waiting}, {age:.0f} s", "warn"))
        for target, count in losses(self.scene.view, self.scene.now)[:3]:
            lines.append((f"{self.glyphs.no} {count} to {target} have not arrived", "bad"))
        return lines
