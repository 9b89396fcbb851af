"""One JSON line per figure: what, how often, median, least, most, and the budget it must keep."""

from __future__ import annotations

import json
from collections.abc import Sequence
from statistics import median


def figure(
    name: str,
    values: Sequence[float],
    unit: str,
    *,
    budget: float | None = None,
    worst: bool = True,
) -> bool:
    """Print it. `budget` holds for the worst value, or with worst=False for the median."""
    if not values:
        print(json.dumps({"figure": name, "n": 0, "ok": False}), flush=True)
        return False
    judged = max(values) if worst else median(values)
    kept = budget is None or judged <= budget
    line = {
        "figure": name,
        "unit": unit,
        "n": len(values),
        "median": round(median(values), 3),
        "min": round(min(values), 3),
        "max": round(max(values), 3),
        "budget": budget,
        "judged": "worst" if worst else "median",
        "ok": kept,
    }
    print(json.dumps(line), flush=True)
    return kept
