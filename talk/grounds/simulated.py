"""A talk in a simulated world: virtual time, in this process, for rehearsing without an audience.

The same nodes and the same acts as on a live ground, played as quickly as the processor can. Every
`prepare` founds another world: there is no cheaper way to be sure of its state. Ignores the wall
clock; only pairs are played beside (`talk.grounds.playing`), and those are simulated anyway.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from msgspec.structs import replace

from cluster.config import MS, SECOND
from cluster.model.facts import Fact
from cluster.model.layout import lay_out
from cluster.model.member import NodeId
from cluster.model.rooms.naming import Keep
from cluster.sim.watch.acts import RefusedError
from cluster.sim.watch.orders import Act as Deed
from cluster.sim.watch.orders import Setup, Verb
from cluster.sim.watch.watched import STANDS_US, Watched
from cluster.sim.world import START
from talk.deck.deck import Act, Need
from talk.deck.words import KEEPS, MASTER, late_ms_of, percent_of
from talk.grounds.ground import Done, GroundError, Tell
from talk.grounds.playing import Players
from tui.view import ClusterView

AGREES_WITHIN_US: Final = 30 * SECOND
PUTS_WITHIN_US: Final = 60 * SECOND
AUDIT_WITHIN_US: Final = 30 * SECOND
STEP_US: Final = 50 * MS
PUT_EVERY_US: Final = 4 * MS
"""Answers that a cue asks for come this quickly."""
NODE_VERBS: Final[dict[str, Verb]] = {
    "kill": "kill",
    "start": "start",
    "pause": "pause",
    "resume": "resume",
    "isolate": "isolate",
    "wipe": "wipe",
    "drain": "drain",
    "leave": "leave",
    "partition": "partition",
    "add": "add",
    "undo": "undo",
    "heal": "heal",
}


class SimGround:
    """One world after another."""

    simulated = True
    makes = True
    stands = None

    def __init__(self, seed: int, players: Players | None = None) -> None:
        self.seed = seed
        self.players = players or Players(seed)
        self._watched: Watched | None = None
        self._nodes = 0
        self._worlds = 0
        self._master = ""
        """Who reigned when the slide first spoke of the master."""
        self._quizzes: dict[str, tuple[Keep, int]] = {}
        """Rooms that were filled: how they keep their state, and answers they acknowledged."""

    def label(self) -> str:
        """Never to be taken for processes."""
        count = len(self._watched.hand.expected) if self._watched is not None else self._nodes
        return f"simulated, {count} node{'' if count == 1 else 's'}"

    @property
    def now(self) -> int:
        """Virtual time."""
        return self._watched.world.now if self._watched is not None else START

    @property
    def stretch(self) -> float:
        """A world has all the time it needs."""
        return 1.0

    def take(self) -> list[Fact]:
        """What was told."""
        return self._watched.take() if self._watched is not None else []

    async def prepare(
        self,
        need: Need,
        *,
        fresh: bool,  # noqa: ARG002
        tell: Tell,
        slide: int = 0,  # noqa: ARG002
    ) -> bool:
        """Another world, whose nodes agree and whose players play."""
        self._worlds += 1
        self._master = ""
        self._quizzes = {}
        self._nodes = need.nodes
        setup = Setup(
            seed=self.seed + self._worlds,
            nodes=need.nodes,
            rooms=need.rooms,
            architecture=need.architecture,
            answers_per_s=need.answers_per_s,
        )
        self._watched = watched = Watched(setup)
        tell(f"{need.nodes} simulated nodes")
        watched.world.run(START + STANDS_US)
        what = "the nodes agree"
        self._until(lambda: self._stands(watched), AGREES_WITHIN_US, what)
        if need.rooms and need.architecture in ("masterless", "single"):
            self.play(need.rooms * 50 * MS + 2 * SECOND)
        return True

    def beginning(self) -> ClusterView:
        """Nothing."""
        return ClusterView()

    def _stands(self, watched: Watched) -> bool:
        nodes = [watched.world.host(name).node for name in watched.hand.expected]
        if not watched.calm():
            return False
        config = watched.world.config
        names = tuple(sorted(map(NodeId, watched.hand.expected)))
        members = lay_out(config.architecture, config.ring, names).members
        views = {node.members.digest() for node in nodes if node is not None}
        return len(views) == 1 and all(
            node is not None and node.placement.ring.members == members for node in nodes
        )

    async def perform(self, act: Act, tell: Tell) -> Done:
        """Do it, now; what needs time has it."""
        if act.verb == "play":
            played = await self.players.play(act.args[0], tell)
            return Done(f"played {played.name} both ways", played)
        watched = self._watched
        if watched is None:
            raise GroundError("there is no cluster: the slide names none (`start` in a cue)")
        act = replace(act, args=tuple(self._named(watched, arg) for arg in act.args))
        match act.verb:
            case "put":
                return Done(self._put(watched, int(act.args[0])))
            case "audit":
                return Done(self._audit(watched))
            case "fill":
                return Done(self._quiz(watched, *act.args))
            case "count":
                return Done(self._count(watched, act.args[0]))
            case "crash":
                watched.players.crash(act.args[0])
                return Done(f"made {act.args[0]} crash")
            case "cut":
                return Done(self._deed(watched, "cut", ",".join(act.args)))
            case "lose":
                return Done(self._deed(watched, "lose", str(percent_of(act.args[0]))))
            case "slow":
                name, time = act.args
                return Done(self._deed(watched, "slow", f"{name},{late_ms_of(time)}"))
            case verb if verb in NODE_VERBS:
                subject = act.args[0] if act.args else ""
                return Done(self._deed(watched, NODE_VERBS[verb], subject))
            case verb:
                raise GroundError(f"a simulated world cannot {verb}")

    def _named(self, watched: Watched, arg: str) -> str:
        if arg != MASTER:
            return arg
        if not self._master:
            nodes = (watched.world.host(name).node for name in watched.hand.expected)
            rules = [(node.name, node.policy.rule()) for node in nodes if node is not None]
            leads = [(rule.term, name) for name, rule in rules if rule.leads]
            self._master = max(leads, default=(0, ""))[1]
        if not self._master:
            raise GroundError("no node acts as master here: name one, as in n1")
        return self._master

    def _deed(self, watched: Watched, verb: Verb, subject: str) -> str:
        try:
            return watched.act(Deed(verb, subject))
        except RefusedError as error:
            raise GroundError(str(error)) from None

    def _put(self, watched: Watched, count: int) -> str:
        players = watched.players

        def ended() -> int:
            return players.acknowledged + players.maybe + players.failed

        before, good = ended(), players.acknowledged
        for place in range(count):
            watched.world.after((place + 1) * PUT_EVERY_US, players.write)
        self._until(lambda: ended() >= before + count, PUTS_WITHIN_US, f"{count} answers end")
        return f"{players.acknowledged - good:,} answers acknowledged"

    def _quiz(self, watched: Watched, room: str, keep: str) -> str:
        if room in self._quizzes:
            raise GroundError(f"{room} is open already: name another")
        given: list[int] = []
        watched.players.quiz(room, KEEPS[keep], given.append)
        self._until(lambda: bool(given), PUTS_WITHIN_US, f"{room} has its answers")
        self._quizzes[room] = (KEEPS[keep], given[0])
        self._count(watched, room)
        return f"{room} has acknowledged {given[0]} answers (kept: {keep})"

    def _count(self, watched: Watched, room: str) -> str:
        if room not in self._quizzes:
            raise GroundError(f"nobody knows what {room} had: `fill {room} heir` opens it")
        before = watched.players.counts
        watched.players.count(room, *self._quizzes[room])
        self._until(lambda: watched.players.counts > before, PUTS_WITHIN_US, f"{room} is counted")
        return f"asked {room} how many answers it has"

    def _audit(self, watched: Watched) -> str:
        self._until(watched.calm, AUDIT_WITHIN_US, "nothing is owed any more")
        audits = watched.players.audits
        watched.players.audit()
        what = "acknowledged answers are read back"
        self._until(lambda: watched.players.audits > audits, AUDIT_WITHIN_US, what)
        self.play(SECOND // 2)  # until it has been counted
        return f"read {watched.players.audited:,} acknowledged answers back"

    async def pass_time(self, us: int) -> None:
        """Play on."""
        self.play(us)

    def play(self, us: int) -> None:
        """Play on, now."""
        if self._watched is not None:
            world = self._watched.world
            world.run(world.now + us)

    def _until(self, condition: Callable[[], bool], within_us: int, what: str) -> None:
        end = self.now + within_us
        while not condition():
            if self.now >= end:
                raise GroundError(f"not within {within_us / SECOND:g} virtual seconds: {what}")
            self.play(STEP_US)

    async def stop(self) -> None:
        """Forget the world, end what is played beside it."""
        self._watched = None
        await self.players.stop()
