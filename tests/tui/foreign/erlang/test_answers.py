"""What a node answers may be more, or newer, than is read here: that answer is lost, and nothing else."""

from __future__ import annotations

import pytest

from cluster.model.member import NodeId
from tests.tui.foreign.erlang.fake import REFUSED, Call, Fake, plain
from tests.tui.foreign.erlang.test_asking import NAME, OTHER, kinds, until, watched
from tui.sources.foreign.erlang import member
from tui.sources.foreign.erlang.terms import Atom, Opaque, Term
from tui.sources.foreign.seen import Look

LATER = Opaque(b"\xfe\x01\x02")
"""A term of a kind that no Erlang has yet."""


async def test_an_answer_that_cannot_be_read_costs_that_answer_and_not_the_link(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(member, "REST_EVERY_S", 0.0)
    calm = plain(NAME)
    odd: set[str] = {"registered_names"}

    def answers(call: Call) -> Term:
        return [LATER] if call[1] in odd else calm(call)

    async with Fake(NAME, answers).up() as fake, watched(fake) as adapter:
        look = await until(adapter, lambda look: "pg groups" in told(look))
        assert told(look)["not understood"] == "global:registered_names"
        assert "global names" not in told(look)
        odd.clear()
        look = await until(adapter, lambda look: "global names" in told(look))
        assert "not understood" not in told(look)
        assert (len(fake.callers), fake.hung_up) == (1, 0)


async def test_of_very_many_names_and_groups_no_list_is_asked_for() -> None:
    calm = plain(NAME)
    counts: dict[str, Term] = {"pg": 100_001, "global_names": member.COUNTED_MAX}

    def answers(call: Call) -> Term:
        return counts[str(call[2][0])] if call[:2] == ("ets", "info") else calm(call)

    async with Fake(NAME, answers).up() as fake, watched(fake) as adapter:
        look = await until(adapter, lambda look: "pg groups" in told(look))
        assert told(look)["pg groups"] == "100,001: so many are only counted"
        assert told(look)["global names"].startswith("2, ")
        assert {("global", "registered_names", 0)} == kinds(fake) & {
            ("global", "registered_names", 0),
            ("pg", "which_groups", 0),
            ("pg", "get_members", 1),
        }


def told(look: Look) -> dict[str, str]:
    """What the node said of itself."""
    return dict(look.rows[NodeId(NAME)].extras) if NodeId(NAME) in look.rows else {}


@pytest.mark.parametrize("answer", [LATER, REFUSED, Atom("undefined")])
async def test_who_does_not_say_whom_it_lists_is_silent_and_not_alone(answer: Term) -> None:
    calm = plain(NAME, OTHER)

    def answers(call: Call) -> Term:
        return answer if call[1:] == ("nodes", ()) else calm(call)

    async with Fake(NAME, answers).up() as fake, watched(fake) as adapter:
        look = await until(adapter, lambda look: bool(look.silent))
        assert not look.rows
        assert adapter.trouble == f"{NAME} does not say whom it is connected with"
