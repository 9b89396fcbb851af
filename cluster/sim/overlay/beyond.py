"""The talk's last stage, played: a thousand peers, four broadcasts, a disaster, an evening of questions.

One world from beginning to end. What is filmed is what is counted: the pair `full-mesh` judges the
very waves that the talk shows.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from msgspec import Struct

from cluster.bounds.overlay import MS, SECOND, TreeConfig
from cluster.protocol.overlay.flood import Flood
from cluster.protocol.overlay.messages import Copy, Deliver, Dot, Letter, PeerId, Tell
from cluster.sim.overlay.questions import Evening, Readings
from cluster.sim.overlay.wave import Camera, Wave
from cluster.sim.overlay.world import CALM, JITTER, OverlayWorld

PEERS: Final = 1_000
SETTLE_US: Final = 30 * SECOND
"""Three shuffles of everybody's."""
WAVE_US: Final = 2_500 * MS
"""A broadcast and its announcements."""
WARM: Final = 4
"""Broadcasts that form the tree before it is judged, one of them by the judged ones' source."""
JUDGED: Final = 8
KILLED: Final = 0.3
REPAIR_US: Final = 15 * SECOND
"""One shuffle of everybody's, and three looks at too few links."""
LOOK_US: Final = 100 * MS

Note = Callable[[str, int, str], None]
"""Told the way ("wrong" or "right"), the time, and a sentence."""


class Mesh(Struct, frozen=True):
    """A broadcast over the full mesh."""

    links: int
    links_each: int
    sent_by_author: int
    reached: int
    """The author included."""


class Beyond(Struct, frozen=True):
    """Everything that was played."""

    mesh: Mesh
    links: int
    most_links: int
    """Of one peer."""
    flood: Wave
    calm: Wave
    """Along the tree, in quiet."""
    disaster: Wave
    """Published in the moment of the deaths."""
    after: Wave
    """Along the mended tree."""
    judged: tuple[Wave, ...]
    """Broadcasts along the formed tree."""
    repaired: tuple[Wave, ...]
    """Broadcasts after the repair."""
    repair_us: int
    """From the deaths until all links were between living peers, and these in one piece."""
    by_arrival: Readings
    by_cause: Readings


def play(seed: int, note: Note, peers: int = PEERS) -> Beyond:
    """Play it all."""
    mesh = _mesh(peers)
    note("wrong", 0, f"{peers:,} peers linked with all others: {mesh.links:,} links")
    note("wrong", 0, f"one broadcast: its author sends {mesh.sent_by_author} copies")
    world = OverlayWorld(seed)
    camera = Camera(world)
    rng = world.dice.stream("authors")
    source = PeerId("p0000")

    world.grow(peers)
    note("right", world.now, f"{peers:,} peers have joined, one each 5 ms")
    world.run(SETTLE_US)
    links = len(world.links())
    most = max(len(peer.view.active) for peer in world.peers.values())
    note("right", world.now, f"{links:,} links, at most {most} at one peer")

    camera.begin()
    note("wrong", world.now, "one broadcast over every one of these links")
    world.flood(source, 1)
    world.run(WAVE_US)
    flood = camera.cut("Flooding: over every link")

    for author in (source, *rng.sample(list(world.peers), WARM - 1)):
        world.publish(author)
        world.run(WAVE_US)
    judged = [_broadcast(world, camera, source, "Along the tree")]
    judged += [
        _broadcast(world, camera, author, "Along the tree")
        for author in rng.sample(list(world.peers), JUDGED - 1)
    ]
    note("right", world.now, f"{WARM} broadcasts have formed a tree, {JUDGED} more were judged")

    # The mesh's author survives too, so that the same peer can speak before and after.
    doomed = rng.sample([n for n in world.peers if n != source], round(KILLED * peers))
    camera.begin()
    world.kill(doomed)
    killed_at = world.now
    note("right", world.now, f"{len(doomed)} peers die, and one broadcast begins at once")
    world.publish(source)
    repair_us = 0
    while world.now < killed_at + REPAIR_US:
        world.run(LOOK_US)
        if not repair_us and not world.one_sided() and world.pieces() == 1:
            repair_us = world.now - killed_at
            note("right", world.now, "all links are between living peers again, in one piece")
    disaster = camera.cut(f"{len(doomed)} peers die as it begins", like=judged[0])

    authors = [source, *rng.sample(list(world.peers), JUDGED - 1)]
    repaired = [_broadcast(world, camera, author, "After the repair") for author in authors]
    again = _broadcast(world, camera, source, "After the repair")
    note("right", world.now, f"{JUDGED} broadcasts more, from anywhere")

    world.air = JITTER
    by_arrival = Evening(world, ordered=False).play()
    note("wrong", world.now, "questions over 4 channels with jitter to 0.4 s, read as they arrive")
    by_cause = Evening(world, ordered=True).play()
    note("right", world.now, "questions over the same links, read in causal order")
    world.air = CALM
    return Beyond(
        mesh=mesh,
        links=links,
        most_links=most,
        flood=flood,
        calm=judged[0],
        disaster=disaster,
        after=again,
        judged=tuple(judged),
        repaired=tuple(repaired),
        repair_us=repair_us,
        by_arrival=by_arrival,
        by_cause=by_cause,
    )


def film(seed: int, peers: int = PEERS) -> tuple[Wave, ...]:
    """The four broadcasts worth watching, in order."""
    played = play(seed, lambda _way, _at, _text: None, peers)
    return played.flood, played.calm, played.disaster, played.after


def _broadcast(world: OverlayWorld, camera: Camera, author: PeerId, title: str) -> Wave:
    camera.begin()
    world.publish(author)
    world.run(WAVE_US)
    return camera.cut(title)


def _mesh(peers: int) -> Mesh:
    """One broadcast where everybody is everybody's neighbour."""
    names = [PeerId(f"p{number:04}") for number in range(peers)]
    floods = {name: Flood(name, TreeConfig(), relays=False) for name in names}
    author, *others = names
    links = sum(len(names) - 1 for _ in names) // 2
    effects = floods[author].publish(Letter(Dot(author, 1)), others)
    copies = [
        (effect.to, effect.message)
        for effect in effects
        if isinstance(effect, Tell) and isinstance(effect.message, Copy)
    ]
    reached = sum(isinstance(effect, Deliver) for effect in effects)
    for to, copy in copies:
        heard = floods[to].hear(copy, author, [name for name in names if name != to])
        reached += sum(isinstance(effect, Deliver) for effect in heard)
    return Mesh(links, len(others), len(copies), reached)
