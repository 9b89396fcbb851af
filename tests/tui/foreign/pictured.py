"""A cluster of another maker, as looks of it would tell: five members; the third is killed, and comes back."""

from __future__ import annotations

from cluster.model.facts import Fact
from cluster.model.member import Address, MemberState, NodeId
from cluster.model.summary import Telling
from tests.tui.story import START
from tui.fold import fold
from tui.scene import Scene
from tui.sources.foreign.seen import Look, Opinion, Row
from tui.sources.foreign.teller import Teller
from tui.view import ClusterView

NAMES = tuple(NodeId(f"n{number}") for number in range(1, 6))
LOST = NAMES[2]
TELLING = Telling("Serf", 250_000, (), ("round trips",))


def row(name: NodeId, lost: MemberState) -> Row:
    """What one member says."""
    states = {n: lost if n == LOST and name != LOST else MemberState.ALIVE for n in NAMES}
    return Row(
        name=name,
        opinions={n: Opinion(s, Address(f"10.0.0.{n[1:]}:7946")) for n, s in states.items()},
        window=Address(f"10.0.0.{name[1:]}:7373"),
        engine="serf",
        round_trips={n: 400 + 10 * int(n[1:]) for n in NAMES if n != name},
        extras=(("health score", "0"), ("queued", "0"), ("goroutines", "23")),
    )


def facts(seconds: float, killed_s: float = 1e9, back_s: float = 1e9) -> list[Fact]:
    """All that is told in so many seconds, four looks in each; the rest notices after a second."""
    teller, told = Teller(START // 1_000), list[Fact]()
    for tick in range(int(seconds * 4)):
        dead = killed_s <= tick / 4 < back_s
        held_dead = killed_s + 1 <= tick / 4 < back_s + 1
        state = MemberState.DEAD if held_dead else MemberState.ALIVE
        rows = {n: row(n, state) for n in NAMES if not (dead and n == LOST)}
        silent = {LOST: "no answer"} if dead else {}
        told += teller.tell(Look(START + tick * 250_000, 250_000, rows, silent, TELLING))
    return told


def scene_of(seconds: float, killed_s: float = 1e9, back_s: float = 1e9) -> Scene:
    """What the dashboard would draw then."""
    view = fold(ClusterView(), facts(seconds, killed_s, back_s))
    return Scene(view, view.at, source="serf://10.0.0.1:7373,10.0.0.2:7373")
