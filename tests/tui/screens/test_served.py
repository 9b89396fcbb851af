"""The live figures of the one judge, among the claims of the home screen."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from cluster.config import MS
from cluster.model.facts import WorkloadCounted
from tests.tui.story import view_at
from tests.tui.teller import QUIET
from tui.scene import Scene
from tui.screens.pieces.forecast import claims

COUNTED = WorkloadCounted(100, 0, 2, 0, 10, 250_000, 10, 10, answered=0.98)


@pytest.mark.parametrize(("outage_ms", "mark"), [(120, "yes"), (500, "yes"), (1_400, "open")])
def test_an_outage_longer_than_its_bound_is_no_good_news(outage_ms: int, mark: str) -> None:
    view = replace(view_at(QUIET), load=replace(COUNTED, outage_us=outage_ms * MS))
    found = [c for c in claims(Scene(view, view.at)) if c.text.startswith("operations answered")]
    assert [(claim.mark, claim.text) for claim in found] == [(mark, "operations answered: 98.0%")]
    assert "longest outage" in found[0].figure


def test_a_load_that_was_not_judged_claims_nothing() -> None:
    view = replace(view_at(QUIET), load=replace(COUNTED, answered=-1.0))
    assert not [c for c in claims(Scene(view, view.at)) if "operations answered" in c.text]
