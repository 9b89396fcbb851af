"""A whole failure in one line: how it ended, or what it is now. For lists of failures."""

from __future__ import annotations

from typing import Final

from cluster.model.incident import Incident, Stage, StageName
from tui.judge.tale import word_of
from tui.judge.wording import seconds

_COUNTED: Final[dict[StageName, tuple[str, str]]] = {
    "hints": ("hint kept", "hints kept"),
    "rebuilt": ("place filled", "places filled"),
    "returned": ("hint returned", "hints returned"),
}
_DONE: Final = {
    "kill": "killed",
    "pause": "paused",
    "isolate": "cut off",
    "partition": "split off",
    "cut": "cut off",
}


def what_happened(incident: Incident) -> str:
    """The fault in a word or two; "silent" when nobody told us of one."""
    return _DONE.get(incident.fault, "silent")


def took(us: int) -> str:
    """How long something lasted: 3 ms, 0.31 s, 4.6 s, 81 s."""
    if us < 9_500:
        return f"{round(us / 1000)} ms" if us >= 500 or us <= 0 else "<1 ms"
    if us < 995_000:
        return f"{us / 1e6:.2f} s"
    return f"{us / 1e6:.1f} s" if us < 99_950_000 else f"{us / 1e6:.0f} s"


def counted(stage: Stage) -> str:
    """A stage's count in words; empty when it counts nothing."""
    if not stage.count or stage.name not in _COUNTED:
        return ""
    return f"{stage.count:,} {_COUNTED[stage.name][stage.count != 1]}"


def summary(incident: Incident, now: int) -> str:
    """A whole failure in one line."""
    if not incident.ended:
        return f"{word_of(incident)} since {seconds(now - incident.began)}"
    whole = took(incident.ended - incident.began)
    if incident.false_alarm:
        noticed = incident.stage("suspected").began
        return f"{'false alarm' if noticed else 'nobody noticed'}, over after {whole}"
    parts: list[str] = []
    dead = incident.stage("dead")
    if dead.ended and not dead.overtaken:
        parts.append(f"dead for all after {took(dead.ended - incident.began)}")
    if not incident.returned and not incident.interrupted:
        parts.append(counted(incident.stage("rebuilt")))
        parts.append(f"the ring went on after {whole}")
    elif incident.interrupted:
        parts.append(f"was back, and failed again after {whole}")
    else:
        parts.append(counted(incident.stage("returned")))
        parts.append(f"whole again after {whole}")
    return ", ".join(part for part in parts if part)
