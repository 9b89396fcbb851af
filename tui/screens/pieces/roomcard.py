"""Below the lanes: the chosen room and what happened to it; what deaths and moves have cost."""

from __future__ import annotations

from cluster.model.facts import Fact
from cluster.model.member import NodeId
from tui.draw.chrome import fit
from tui.draw.frame import Frame
from tui.draw.glyphs import SETS
from tui.judge.agreement import agreement
from tui.judge.rooms.lanes import counting, moving_now, runs
from tui.judge.rooms.phrases import of_room, size
from tui.judge.rooms.survey import home_of
from tui.judge.wording import counted, joined, listed, millis, seconds
from tui.scene import Scene, clock, hue
from tui.screens.pieces.parts import TONE_ROLE
from tui.seen.rooms import Flight, Place, Recovery, RoomView

Line = list[tuple[str, str]]
HANDOFFS_US = 60_000_000


def paint_room(frame: Frame, scene: Scene, place: tuple[int, int], width: int, rows: int) -> None:
    """The chosen room; without one, how to choose."""
    x, y = place
    room = scene.view.rooms.by_name.get(scene.room)
    if rows < 1:
        return
    if room is None:
        if scene.source != "talk":  # an audience has no keys
            frame.text(x, y, fit("no room chosen: ← → or a click", width), "muted")
        return
    lines = _about(scene, room)[:rows]
    past = [_event(scene, fact) for fact in room.trail if fact.at <= scene.now]
    lines += past[-(rows - len(lines)) :] if rows > len(lines) else []
    for row, line in enumerate(lines):
        _run(frame, x, y + row, width, line)


def _about(scene: Scene, room: RoomView) -> list[Line]:
    view, now = scene.view, scene.now
    alive = counting(view, now, agreement(view, now))
    first: Line = [(room.name, "title"), (f"  {room.behaviour}", "muted")]
    more: list[Line] = []
    for place in room.places:
        said = _place(scene, place, counts=runs(view, place, alive))
        if place is room.places[0]:
            first += said
        else:
            more.append([(" " * (len(room.name) + len(room.behaviour) + 2), ""), *said])
    if not room.places:
        first.append((f"   nobody runs it, for {seconds(now - room.since)}", "bad"))
    home = home_of(view, room.name, now)
    second: Line = []
    if home is not None:
        at_home = any(place.node == home.node for place in room.places)
        second = [
            ("home ", "muted"),
            (home.node, f"owner{hue(view, home.node)}"),
            (f", partition {home.partition} of {home.partitions}", "muted"),
            ("" if at_home else "  not there yet", "warn"),
        ]
    if room.lost_us >= 0:
        second.append((f"   its last move cost {millis(room.lost_us)}", ""))
    return [first, *more, second]


def _place(scene: Scene, place: Place, *, counts: bool) -> Line:
    glyphs = SETS[scene.glyphs]
    name = (f"   {place.node} ", f"owner{hue(scene.view, place.node)}")
    if not counts:
        said = (f"{glyphs.silent} gone", "dead")
    elif place.state == "serving":
        said = (f"{glyphs.alive} serving", "alive")
    elif place.state == "failed":
        said = (f"{glyphs.dead} given up", "bad")
    elif place.state == "moving":
        said = (f"{glyphs.here} moving to {place.to}", "joining")
    else:
        said = (f"{glyphs.joining} starting", "joining")
    age = f" {seconds(scene.now - place.since)}"
    behind = [(", behind", "warn")] if place.outrun and counts else []
    return [
        name,
        said,
        (age, "muted"),
        *behind,
        (f"  token {place.token.number}", ""),
        (f"  {size(place.bytes)}" if place.bytes else "", "muted"),
    ]


def _event(scene: Scene, fact: Fact) -> Line:
    phrase = of_room(fact)
    said = (phrase.text, TONE_ROLE[phrase.tone]) if phrase is not None else ("", "")
    name = (f"  {fact.node}  ", f"owner{hue(scene.view, fact.node)}")
    return [(clock(scene, fact.at, 3)[3:], "faint"), name, said]


# --- what it has cost ----------------------------------------------------------------------------


def paint_costs(frame: Frame, scene: Scene, place: tuple[int, int], width: int, rows: int) -> None:
    """Moves now, moves of the last minute, and how the rooms of the dead came back, newest first."""
    x, y = place
    lines = [line for line in (_moving(scene, width), _handoffs(scene)) if line]
    known = [
        r for r in scene.view.rooms.recoveries
        if r.began <= scene.now and (r.times or r.basis != "believed dead")
    ]  # fmt: skip
    lines += [_recovery(scene, recovery) for recovery in reversed(known)]
    if not known:
        lines.append([("no node with rooms has died yet", "muted")])
    for row, line in enumerate(lines[:rows]):
        _run(frame, x, y + row, width, line)


def _moving(scene: Scene, width: int) -> Line:
    line: Line = []
    spent = 8
    for (source, to), flights in moving_now(scene.view, scene.now).items():
        said = f", {source} to {to} {len(flights)}"
        spent += len(said)
        if spent > width:
            line.append(("…", "muted"))
            break
        line += [(", " if line else "", "muted"), (source, f"owner{hue(scene.view, source)}"),
                 (" to ", "muted"), (to, f"owner{hue(scene.view, to)}"),
                 (f" {len(flights)}", "title")]  # fmt: skip
    return [("moving: ", "muted"), *line] if line else []


def _handoffs(scene: Scene) -> Line:
    """What live moves have cost lately."""
    done: list[Flight] = [
        f for f in scene.view.rooms.flights.values()
        if f.kind == "handoff" and f.lost_us >= 0 and 0 <= scene.now - f.ended < HANDOFFS_US
    ]  # fmt: skip
    if not done:
        return []
    lost = sorted(flight.lost_us for flight in done)
    half, worst = millis(lost[(len(lost) - 1) // 2]), millis(lost[-1])
    took = f"p50 {half}, worst {worst}" if len(done) > 1 else worst
    moves = counted(len(done), "handoff")
    return [(f"{moves} in 60 s: ", "muted"), (took, ""), (" unserved", "muted")]


def _recovery(scene: Scene, recovery: Recovery) -> Line:
    served = [us for us in recovery.times if recovery.began + us <= scene.now]
    name = (recovery.node, f"owner{hue(scene.view, recovery.node)}")
    when = (clock(scene, recovery.began, 0) + "  ", "faint")
    where: list[NodeId] = list(recovery.nodes)
    on = joined(where) if len(where) <= 2 else listed(where, 2)
    if recovery.basis == "believed dead" and len(served) < recovery.rooms:
        text = f" believed dead: {len(served):,} of {counted(recovery.rooms, 'room')} started"
        return [when, name, (text, "muted"), (f" on {on}" if served else " elsewhere", "muted")]
    if len(served) < recovery.rooms:
        rooms = f"'s {counted(recovery.rooms, 'room')}: {len(served):,} serve again"
        role = "muted" if recovery.ended else "warn"
        return [when, name, (rooms, role), (f" on {on}" if served else "", "muted")]
    half, worst = seconds(recovery.p50_us), seconds(recovery.worst_us)
    took = f": p50 {half}, worst {worst}" if recovery.rooms > 1 else f": {worst}"
    rooms = f"'s {counted(recovery.rooms, 'room')}"
    return [when, name, (rooms, ""), (took, "good"), (f", on {on}", "muted")]


def _run(frame: Frame, x: int, y: int, width: int, line: Line) -> None:
    end = x + width
    for text, role in line:
        if x >= end or (text.startswith(", on ") and len(text) > end - x):
            return  # where they went is on the lanes too: rather nothing than "on…"
        x = frame.text(x, y, fit(text, end - x), role, bold=role == "title")
