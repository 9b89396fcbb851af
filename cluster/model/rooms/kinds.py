"""Which behaviours a node knows, by the name that rooms are opened with.

Every node of a cluster has the same ones: a room may find a new home on any of them.
"""

from __future__ import annotations

from typing import Any, Final

from cluster.model.rooms.behaviour import Behaviour
from cluster.model.rooms.quiz import QuizBehaviour

BEHAVIOURS: Final[dict[str, Behaviour[Any]]] = {"quiz": QuizBehaviour()}
"""Another kind of room: a class with a behaviour's callbacks, and a line here."""
