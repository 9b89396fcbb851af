"""All pipelines at one node: which stages run here, what they hear, when they go on.

A pipeline is declared at any node and told to all; each runs the stages that name it. From then on
stages speak only to their neighbours (`FlowAsk`, `FlowItems`). Everything is repaired by repetition:
a stage says again what it asked for each `look_period_us`, and where items are missing, a connection
broke or the stage before has begun a new life, it makes a new link, on which nothing is asked for
yet. So a dead stage's demand is forgotten and one that returns asks anew. Items are sent at most
once: those on a link that broke are lost, and counted.

Stages stay where they were declared: a pipeline whose node is gone waits (or sheds, or piles up) in
front of the gap until it returns.
"""

from __future__ import annotations

from collections import deque
from random import Random

from cluster.bounds.flow import FlowConfig
from cluster.model.facts import FlowLost, FlowMeasured, FlowOverflowed, FlowStarted, FlowStopped
from cluster.model.flow.pipeline import FlowEntry, FlowSpec, StageRow, trouble
from cluster.model.member import Claim, MemberState, NodeId
from cluster.protocol.effects import FlowRoll
from cluster.protocol.flow.messages import FlowAsk, FlowItem, FlowItems, FlowTell
from cluster.protocol.flow.registry import Registry
from cluster.protocol.flow.stage import Stage, Waiting
from cluster.protocol.flow.worker import Worker
from cluster.protocol.inputs import FlowCommand, FlowQuery, FlowRequest, FlowStop
from cluster.protocol.messages import Refusal
from cluster.protocol.outbox import Outbox
from cluster.protocol.swim.membership import Membership

TURN = ("flow", "turn")
LOOK = ("flow", "look")


class Flows:
    """The pipelines of one node."""

    def __init__(self, out: Outbox, config: FlowConfig, members: Membership, rng: Random) -> None:
        self._out = out
        self._config = config
        self._members = members
        self._rng = rng
        self.registry = Registry(config)
        self.stages: dict[tuple[str, int], Stage] = {}
        """Those that run here, by pipeline and place."""
        self._workers: dict[str, Worker] = {}
        self._own: deque[FlowAsk | FlowItems] = deque()
        """Said by a stage of this node to another one of it."""
        self._links = 0
        self._due: int | None = None
        self._turned_at = 0
        self._told_at = 0
        self._measured_at = 0
        self._looking = False
        self._said_full: set[tuple[str, int]] = set()
        self._said_lost: dict[tuple[str, int], int] = {}

    # --- what clients ask ---------------------------------------------------------------------

    def request(self, request: FlowRequest) -> FlowRoll | Refusal | None:
        """Declare a pipeline, stop one, or say which there are; the answer is at hand."""
        match request:
            case FlowQuery():
                self._turn()
                rows = tuple((s.entry.spec.name, s.row(self._out.now)) for s in self._sorted())
                return FlowRoll(self.registry.all(), rows)
            case FlowCommand(spec):
                known = self.registry.get(spec.name)
                refusal = self._refusal(spec, known)
                if refusal is None:
                    self._declare(FlowEntry(spec, self._version(known), self._out.name))
                return refusal
            case FlowStop(name):
                known = self.registry.get(name)
                if known is None or known.stopped:
                    return Refusal(404, "no such flow", f"no pipeline {name[:32]!r} runs")
                version = self._version(known)
                self._declare(FlowEntry(known.spec, version, self._out.name, stopped=True))
                return None

    def _version(self, known: FlowEntry | None) -> int:
        return max(self._out.now, known.version + 1 if known is not None else 1)

    def _refusal(self, spec: FlowSpec, known: FlowEntry | None) -> Refusal | None:
        why = trouble(spec, self._config)
        if why:
            return Refusal(400, "bad flow", why)
        for stage in spec.stages:
            state = self._members.state(stage.node)
            if state is None or state >= MemberState.REMOVED:
                return Refusal(404, "no such member", f"{stage.node} is no member of this cluster")
        if known is not None and not known.stopped:
            return Refusal(409, "flow runs", f"stop {spec.name} before you declare it anew")
        if not self.registry.has_room(spec.name):
            limit = f"not declared: at most {self._config.flows_max} pipelines run at once"
            return Refusal(503, "too many flows", limit)
        return None

    def _declare(self, entry: FlowEntry) -> None:
        for name in self._members.others(MemberState.SUSPECT):
            self._send(name, FlowTell((entry,)))
        self._learn(entry)

    # --- who runs what ------------------------------------------------------------------------

    def on_tell(self, body: FlowTell) -> None:
        """Pipelines another node knows of."""
        for entry in body.entries:
            if not trouble(entry.spec, self._config):
                self._learn(entry)

    def met(self, name: NodeId) -> None:
        """A member is back, or new: it may know of none."""
        entries = self.registry.all()
        if entries:
            self._send(name, FlowTell(entries))

    def _learn(self, entry: FlowEntry) -> None:
        if not self.registry.learn(entry):
            return
        self._stop(entry)
        if not entry.stopped:
            self._start(entry)
        if not self._looking:
            self._looking = True
            self._out.set_timer(LOOK, self._out.now + self._config.look_period_us)
        self._turn()

    def _start(self, entry: FlowEntry) -> None:
        out, spec, now = self._out, entry.spec, self._out.now
        self._measured_at = self._measured_at if self.stages else now
        names: list[str] = []
        for index, stage_spec in enumerate(spec.stages):
            if stage_spec.node == out.name:
                stage = self.stages[spec.name, index] = Stage(self._config, entry, index, now)
                worker = self._workers.get(stage.worker)
                if worker is None:
                    worker = self._workers[stage.worker] = Worker(self._config, now)
                worker.stages.append(stage)
                names.append(stage_spec.name)
        if names:
            out.emit(FlowStarted(spec.name, spec.way, tuple(names), entry.by))

    def _stop(self, entry: FlowEntry) -> None:
        """The stages of that name end, with what they hold."""
        rows: list[StageRow] = []
        for key in [k for k in self.stages if k[0] == entry.spec.name]:
            stage = self.stages.pop(key)
            rows.append(stage.row(self._out.now))
            worker = self._workers[stage.worker]
            worker.drop(stage)
            if not worker.stages:
                del self._workers[stage.worker]
            self._said_full.discard(key)
            self._said_lost.pop(key, None)
        if rows:
            self._out.emit(FlowStopped(entry.spec.name, tuple(rows), entry.by))

    # --- what stages hear ---------------------------------------------------------------------

    def on_ask(self, ask: FlowAsk, sender: NodeId, life: int) -> None:
        """The stage after one of ours asks for items."""
        self._asked(ask, sender, life)
        self._turn()

    def on_items(self, body: FlowItems, sender: NodeId) -> None:
        """The stage before one of ours sent items."""
        self._brought(body, sender)
        self._turn()

    def _found(self, flow: str, index: int, version: int) -> Stage | None:
        stage = self.stages.get((flow, index))
        return stage if stage is not None and stage.entry.version == version else None

    def _asked(self, ask: FlowAsk, sender: NodeId, life: int) -> None:
        stage = self._found(ask.flow, ask.stage, ask.version)
        outlet = stage.outlet if stage is not None else None
        if stage is None or outlet is None or stage.node(+1) != sender:
            return
        if ask.epoch != self._out.epoch:
            return  # asked of an earlier life: what that had promised died with it
        taken = outlet.ask(ask, life)
        due = self._out.now - outlet.marked_at >= self._config.look_period_us
        if outlet.closed:
            self._pass_on(stage, (), closed=True)
        elif taken and outlet.unsure and due:
            outlet.marked_at = self._out.now
            self._pass_on(stage, ())

    def _brought(self, body: FlowItems, sender: NodeId) -> None:
        stage = self._found(body.flow, body.stage, body.version)
        inlet = stage.inlet if stage is not None else None
        if stage is None or inlet is None or stage.node(-1) != sender:
            return
        if body.closed:
            if body.link == inlet.link:
                self._renew(stage)
        elif inlet.take(body.link, body.batch, body.sent, len(body.items)):
            for item in body.items:
                stage.admit(Waiting(item.number, item.age_us, self._out.now))

    def link_closed(self, name: NodeId) -> None:
        """The connection to a node ended: what was on it is lost, what was asked over it waits."""
        for stage in self.stages.values():
            if stage.inlet is not None and stage.node(-1) == name:
                stage.inlet.broken = True
            if stage.outlet is not None and stage.node(+1) == name:
                stage.outlet.cut()

    # --- going on -----------------------------------------------------------------------------

    def wake(self, what: str) -> None:
        """One of the two timers came due."""
        if what == TURN[1]:
            self._due = None
            self._turn()
        else:
            self._look()

    def _turn(self) -> None:
        """Everything that can go on does, until nothing more does now."""
        now = self._turned_at = self._out.now
        for stage in self.stages.values():
            stage.draw(now)
        while True:
            next_at = [at for w in self._workers.values() if (at := w.run(now)) is not None]
            for stage in self.stages.values():
                self._send_on(stage)
                self._ask(stage)
            if not self._own:
                break
            while self._own:
                body = self._own.popleft()
                if isinstance(body, FlowAsk):
                    self._asked(body, self._out.name, self._out.epoch)
                else:
                    self._brought(body, self._out.name)
        for key, stage in self.stages.items():
            self._notice(key, stage)
            at = stage.next_arrival()
            if at is not None:
                next_at.append(at)
        if next_at:
            due = max(min(next_at), now + self._config.slice_us)
            if self._due is None or due < self._due:
                self._due = due
                self._out.set_timer(TURN, due)

    def _send_on(self, stage: Stage) -> None:
        outlet = stage.outlet
        if outlet is None:
            return
        for items in outlet.batches(self._config.batch_max):
            stage.leave(tuple(item.age_us for item in items))
            self._pass_on(stage, items)

    def _ask(self, stage: Stage) -> None:
        inlet = stage.inlet
        if inlet is None:
            return
        if not inlet.link:
            self._renew(stage)
        elif not inlet.broken:
            more = stage.wish()
            if more > 0:
                inlet.asked += more
                self._say_asked(stage)

    def _renew(self, stage: Stage) -> None:
        """A new link to the stage before, if that lives; nothing is asked for on it but this."""
        claim, inlet = self._claim(stage.node(-1)), stage.inlet
        if claim is None or inlet is None:
            return
        self._links += 1
        inlet.renew(self._out.numbers + self._links, claim.epoch)
        inlet.asked = stage.wish()
        self._say_asked(stage)

    def _claim(self, name: NodeId) -> Claim | None:
        """What is known of a node that may live."""
        claim = self._members.claims.get(name)
        return claim if claim is not None and claim.state <= MemberState.SUSPECT else None

    def _say_asked(self, stage: Stage) -> None:
        inlet = stage.inlet
        assert inlet is not None
        ask = FlowAsk(
            stage.entry.spec.name,
            stage.entry.version,
            stage.index - 1,
            inlet.epoch,
            inlet.link,
            inlet.asked,
            inlet.had,
            stage.settled,
        )
        self._post(stage.node(-1), ask)

    def _pass_on(self, stage: Stage, items: tuple[FlowItem, ...], *, closed: bool = False) -> None:
        """Items for the stage after, or how many it has been sent."""
        outlet = stage.outlet
        assert outlet is not None
        batch = outlet.batch if items else 0
        name, version = stage.entry.spec.name, stage.entry.version
        to = stage.node(+1)
        body = FlowItems(
            name, version, stage.index + 1, outlet.link, batch, outlet.sent, items, closed
        )
        self._post(to, body)

    def _post(self, to: NodeId, body: FlowAsk | FlowItems) -> None:
        if to == self._out.name:
            self._own.append(body)
        else:
            self._send(to, body)

    def _send(self, to: NodeId, body: FlowTell | FlowAsk | FlowItems) -> None:
        if self._members.state(to) is not None:
            self._out.send(to, self._members.address(to), "stream", body)

    # --- looking after neighbours --------------------------------------------------------------

    def _look(self) -> None:
        """Say again what is asked for; find out who died, who is back, and what is missing."""
        now = self._out.now
        self._out.set_timer(LOOK, now + self._config.look_period_us)
        for stage in self.stages.values():
            inlet, outlet = stage.inlet, stage.outlet
            claim = self._claim(stage.node(-1)) if inlet is not None else None
            if inlet is not None and claim is not None:
                if inlet.broken or inlet.epoch != claim.epoch or inlet.stuck():
                    self._renew(stage)
                else:
                    self._say_asked(stage)
            if outlet is not None and not outlet.closed and self._claim(stage.node(+1)) is None:
                outlet.close()
        if now - self._told_at >= self._config.tell_period_us and not self._members.leaving:
            self._told_at = now
            others = self._members.others(MemberState.SUSPECT)
            if others:
                self._send(self._rng.choice(others), FlowTell(self.registry.all()))
        self._turn()

    # --- what is told -------------------------------------------------------------------------

    def _notice(self, key: tuple[str, int], stage: Stage) -> None:
        """Say what went wrong since the last turn."""
        flow, name = key[0], stage.spec.name
        if stage.refused and key not in self._said_full:
            self._said_full.add(key)
            self._out.emit(FlowOverflowed(flow, name, stage.limit))
        lost = stage.outlet.lost if stage.outlet is not None else 0
        more = lost - self._said_lost.get(key, 0)
        if more:
            self._said_lost[key] = lost
            self._out.emit(FlowLost(flow, name, stage.node(+1), more))

    def pulse(self) -> None:
        """State how all stages here stand."""
        if not self.stages:
            return
        self._turn()
        now = self._out.now
        flows: dict[str, list[Stage]] = {}
        for stage in self._sorted():
            flows.setdefault(stage.entry.spec.name, []).append(stage)
        for name, stages in flows.items():
            rows = tuple(stage.measure(now) for stage in stages)
            way = stages[0].entry.spec.way
            self._out.emit(FlowMeasured(name, way, now - self._measured_at, rows))
        self._measured_at = now

    def _sorted(self) -> list[Stage]:
        return [self.stages[key] for key in sorted(self.stages)]
