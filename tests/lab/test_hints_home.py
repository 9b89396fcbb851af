"""Before the audit: the lab waits until no live node keeps hints."""

from __future__ import annotations

import pytest

from cluster.lab import nodes, orders
from cluster.lab.show import Show, ShowOptions
from cluster.model.member import Address


async def test_the_audit_waits_for_the_last_hint(monkeypatch: pytest.MonkeyPatch) -> None:
    show = Show(ShowOptions(nodes=2), lambda _: None)
    for _ in range(2):
        slot = show.lab.slots.new()
        slot.window = Address(f"{slot.name}:1")
    monkeypatch.setattr(show.lab.slots, "running", show.lab.slots.present)
    asked: list[Address] = []

    async def keeps_no_hints(window: Address) -> bool:
        asked.append(window)
        return window == "n1:1" or asked.count(window) == 3

    monkeypatch.setattr(orders, "keeps_no_hints", keeps_no_hints)
    assert await show.lab.hints_home()
    assert asked.count(Address("n2:1")) == 3


async def test_it_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    show = Show(ShowOptions(nodes=1), lambda _: None)
    monkeypatch.setattr(nodes, "HINTS_WITHIN_NS", 100_000_000)
    monkeypatch.setattr(show.lab.slots, "running", show.lab.slots.present)
    show.lab.slots.new().window = Address("127.0.0.1:1")  # nobody is there
    assert not await show.lab.hints_home()
