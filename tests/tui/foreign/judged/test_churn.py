"""Members that come and go by the hundred: what is left out for speed would have changed nothing."""

from __future__ import annotations

from time import process_time

import pytest

from cluster.model import casebook
from cluster.model.casebook import Casebook, advance
from cluster.model.course.rest import ALL, Reach
from cluster.model.facts import Fact
from cluster.model.incident import Incident
from cluster.model.lives import Lives
from tests.tui.foreign.judged.churn import looks, told
from tui.fold import fold
from tui.folding.ballots import Ballots, Rows
from tui.judge.agreement import divided, judge_all, live_observers, outcasts
from tui.sources.foreign.teller import Teller
from tui.view import ClusterView

STREAMS = (
    (6, 6, 80, 0.05),
    (12, 12, 60, 0.03),
    (20, 8, 60, 0.1),
    (15, 1, 80, 0.2),
    (10, 10, 80, 0.005),
)


def everybody(_before: Lives, _after: Lives, _fact: Fact) -> Reach:
    """As if any fact concerned all open records."""
    return ALL


def records(facts: list[Fact]) -> list[tuple[Incident, ...]]:
    """The incidents after each fact."""
    book, seen = Casebook(), list[tuple[Incident, ...]]()
    for fact in facts:
        book = advance(book, fact)
        seen.append(book.incidents)
    return seen


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize(("members", "asked", "count", "rate"), STREAMS)
def test_a_record_at_rest_is_what_looking_at_it_would_make_of_it(
    members: int, asked: int, count: int, rate: float, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts = told(members, asked, count, seed=seed, rate=rate)
    left_alone = records(facts)
    monkeypatch.setattr(casebook, "reach", everybody)
    assert records(facts) == left_alone
    assert left_alone[-1]


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize(("members", "asked", "count", "rate"), STREAMS)
def test_ballots_come_to_what_the_whole_matrix_says(
    members: int, asked: int, count: int, rate: float, seed: int
) -> None:
    facts = told(members, asked, count, seed=seed, rate=rate)
    rows = Rows({})
    ballots = Ballots(rows)
    view = ClusterView()
    for start in range(0, len(facts), 3):
        view = fold(view, facts[start : start + 3])
        for name, row in view.nodes.items():
            if rows.get(name) is not row:
                rows[name] = row
        ballots.count(view.at)
        observers = live_observers(rows, view.at)
        columns = judge_all(rows, observers)
        assert ballots.dissent == any(column.dissent for column in columns.values())
        assert ballots.outcasts == outcasts(columns, observers)
        assert ballots.split == bool(divided(rows, observers, columns))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_disagreements_do_not_depend_on_how_facts_were_batched(seed: int) -> None:
    facts = told(12, 12, 40, seed=seed)
    whole = fold(ClusterView(), facts)
    view = ClusterView()
    for fact in facts:
        view = fold(view, [fact])
    assert view.disagreements == whole.disagreements
    assert view.incidents == whole.incidents


def cost_of_a_fact(members: int) -> float:
    """Processor seconds, of members that all are asked, in a cluster that churns."""
    teller = Teller(1)
    batches = [teller.tell(look) for look in looks(members, members, 8)]
    view = fold(ClusterView(), batches[0])
    began = process_time()
    for batch in batches[1:]:
        view = fold(view, batch)
    return (process_time() - began) / sum(map(len, batches[1:]))


def test_a_fact_of_a_hundred_members_costs_about_what_one_of_thirty_does() -> None:
    # Three times as many made it five times as dear when each fact went through the whole matrix.
    few = min(cost_of_a_fact(30) for _ in range(3))
    many = min(cost_of_a_fact(100) for _ in range(3))
    assert many < 2.5 * few
