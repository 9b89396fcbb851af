"""The live figures of the one judge, among the claims of the home screen."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from cluster.config import MS
from cluster.model.facts import Fact, WorkloadCounted
from tests.tui.story import view_at
from tests.tui.teller import QUIET
from tui.draw.frame import ink_at
from tui.fold import fold
from tui.scene import Scene
from tui.screens.home import paint
from tui.screens.pieces.forecast import claims
from tui.view import LAB, ClusterView

COUNTED = WorkloadCounted(100, 0, 2, 0, 10, 250_000, 10, 10, answered=0.98)


@pytest.mark.parametrize(("outage_ms", "mark"), [(120, "yes"), (500, "yes"), (1_400, "open")])
def test_an_outage_longer_than_its_bound_is_no_good_news(outage_ms: int, mark: str) -> None:
    view = replace(view_at(QUIET), load=replace(COUNTED, outage_us=outage_ms * MS))
    found = [c for c in claims(Scene(view, view.at)) if c.text.startswith("operations answered")]
    assert [(claim.mark, claim.text) for claim in found] == [(mark, "operations answered: 98.0%")]
    assert "longest outage" in found[0].figure


@pytest.mark.parametrize(("outage_ms", "mark"), [(1_400, "pending"), (1_401, "open")])
def test_a_slow_start_is_not_held_against_what_failed_later(outage_ms: int, mark: str) -> None:
    load = replace(COUNTED, outage_us=outage_ms * MS)
    view = replace(view_at(QUIET), load=load, calm_outage_us=1_400 * MS)
    found = [c for c in claims(Scene(view, view.at)) if c.text.startswith("operations answered")]
    assert [claim.mark for claim in found] == [mark]
    frame = paint(Scene(view, view.at), 120, 36)
    (y,) = [y for y, line in enumerate(frame.lines()) if "longest outage" in line]
    inks = {ink_at(index).fg for index in frame.inks[y][60:]}
    assert ("warn" in inks) == (mark == "open")


def test_the_outage_before_any_failure_is_kept_apart() -> None:
    slow = replace(COUNTED, outage_us=900 * MS)
    facts = [Fact(LAB, 1, 1, QUIET, QUIET, slow)]
    assert fold(ClusterView(), facts).calm_outage_us == 900 * MS


def test_a_load_that_was_not_judged_claims_nothing() -> None:
    view = replace(view_at(QUIET), load=replace(COUNTED, answered=-1.0))
    assert not [c for c in claims(Scene(view, view.at)) if "operations answered" in c.text]
