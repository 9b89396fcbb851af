"""A worker: one server that does the items of its stages, one at a time, each for as long as it costs.

Between two turns of the node's loop the worker goes on: what would have been finished and begun
meanwhile is taken as done at the time when it would have been. Not so when the process did not run
(a pause, a long stall): work from before `catch_up_us` ago is not caught up with. Of several stages
with work it takes the item that could begin first, and of those the one that came first: one crowd,
one queue, unless a stage has a limit of its own.
"""

from __future__ import annotations

from cluster.bounds.flow import FlowConfig
from cluster.protocol.flow.stage import Stage, Waiting


class Worker:
    """The time of one server."""

    def __init__(self, config: FlowConfig, now: int) -> None:
        self._config = config
        self.stages: list[Stage] = []
        self._work: tuple[Stage, Waiting] | None = None
        self._free_at = now
        """When the item in work is, or the last one was, done."""

    def drop(self, stage: Stage) -> None:
        """A stage ends, with what is in work of it."""
        self.stages.remove(stage)
        if self._work is not None and self._work[0] is stage:
            self._work = None

    def run(self, now: int) -> int | None:
        """Do what was to be done by now; returns when there is more to do, None if nobody knows."""
        while True:
            if self._work is not None:
                if self._free_at > now:
                    return self._free_at
                stage, item = self._work
                self._work = None
                stage.finish(item, self._free_at)
            chosen = self._choose(now)
            if chosen is None:
                return None
            start, stage = chosen
            if start > now:
                return start
            self._work = stage, stage.begin(start)
            self._free_at = start + stage.spec.cost_us

    def _choose(self, now: int) -> tuple[int, Stage] | None:
        """Which stage is next, and when it can begin."""
        earliest = max(self._free_at, now - self._config.catch_up_us)
        best: tuple[int, int, int] | None = None
        for place, stage in enumerate(self.stages):
            if stage.queue and stage.wanted(now):
                since = stage.queue[0].since
                start = max(earliest, since, stage.clear_since, stage.bucket.ready_at())
                rank = (start, since, place)
                best = rank if best is None or rank < best else best
        return (best[0], self.stages[best[2]]) if best is not None else None
