"""Files that others' checkers and viewers read, made from a simulated world.

Histories come from the trial that was judged. Traces of messages need nodes that tell their
messages, which trials leave out for speed; so the same seed is played once more with that on.
"""

from __future__ import annotations

from collections import deque
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from cluster.model.export.elle import exports
from cluster.model.export.shiviz import shiviz_log
from cluster.model.facts import Fact, MessageReceived, MessageSent
from cluster.sim.faults.options import Options
from cluster.sim.load.telling import told
from cluster.sim.trial.trial import Trial

TRACED_PER_S: Final = 20
"""Messages that each node tells of in a second: more is a picture nobody can read."""
FACTS_MAX: Final = 40_000
"""Ends of messages in a trace; of a longer one the last are kept."""


def write_histories(folder: str, played: Trial) -> list[str]:
    """What clients did, one file for each of elle-cli's models; returns what to say about them."""
    into = Path(folder)
    into.mkdir(parents=True, exist_ok=True)
    said: list[str] = []
    for export in exports(told(played.history)):
        (into / export.name).write_text(export.text)
        left = f", {export.left_out:,} left out (no words for them)" if export.left_out else ""
        said.append(
            f"{into / export.name}: {export.operations:,} operations{left}; "
            f"check with elle-cli --model {export.model}"
        )
    return said


def write_trace(path: str, options: Options) -> list[str]:
    """The messages of a world, for ShiViz; returns what to say about it."""
    again = Trial(options)
    again.world.config = replace(
        again.world.config,
        observe=replace(again.world.config.observe, traced_messages_per_s=TRACED_PER_S),
    )
    facts: deque[Fact] = deque(maxlen=FACTS_MAX)

    def hear(fact: Fact) -> None:
        if isinstance(fact.payload, MessageSent | MessageReceived):
            facts.append(fact)

    again.world.watchers.append(hear)
    again.run()
    Path(path).write_text(shiviz_log(facts))
    return [f"{path}: {len(facts):,} ends of messages, for ShiViz"]
