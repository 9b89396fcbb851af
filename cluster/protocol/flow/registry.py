"""Which pipelines there are, as far as this node knows: of each name, the latest word about it.

Everybody keeps all of them, so that a stage's node that comes back without memory is told again. A
stopped one is remembered until its place is needed, or an old word of it would start it again. In
memory only: a cluster that was down as a whole has no pipelines.
"""

from __future__ import annotations

from cluster.bounds.flow import FlowConfig
from cluster.model.flow.pipeline import FlowEntry


class Registry:
    """The pipelines one node knows of."""

    def __init__(self, config: FlowConfig) -> None:
        self._config = config
        self._entries: dict[str, FlowEntry] = {}

    def get(self, name: str) -> FlowEntry | None:
        """What is known of one."""
        return self._entries.get(name)

    def all(self) -> tuple[FlowEntry, ...]:
        """All of them, stopped ones too, in order of name."""
        return tuple(self._entries[name] for name in sorted(self._entries))

    def has_room(self, name: str) -> bool:
        """Whether one more of this name can be remembered."""
        known = self._entries
        return (
            name in known
            or len(known) < self._config.flows_max
            or any(entry.stopped for entry in known.values())
        )

    def learn(self, entry: FlowEntry) -> bool:
        """Take an entry if it is news; whether it was."""
        name = entry.spec.name
        known = self._entries.get(name)
        if (known is not None and entry.order <= known.order) or not self.has_room(name):
            return False
        if known is None and len(self._entries) >= self._config.flows_max:
            stopped = [e for e in self._entries.values() if e.stopped]
            oldest = min(stopped, key=lambda e: (e.order, e.spec.name))
            if entry.order <= oldest.order:
                return False
            del self._entries[oldest.spec.name]
        self._entries[name] = entry
        return True
