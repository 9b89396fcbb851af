"""Undo walks back through what still can be taken back."""

from __future__ import annotations

from cluster.lab.history import UNDO_MAX, History, Inverse


def inverse(label: str, *, applies: bool = True) -> Inverse:
    async def apply() -> str:
        return label

    return Inverse(label, apply, lambda: applies)


async def test_the_latest_act_is_taken_back_first() -> None:
    history = History()
    history.push(inverse("start n1 again"))
    history.push(inverse("resume n2"))
    assert history.label() == "resume n2"
    said: list[str] = []
    while (popped := history.pop()) is not None:
        said.append(await popped.apply())
    assert said == ["resume n2", "start n1 again"]
    assert history.label() == ""


def test_what_no_longer_makes_sense_is_passed_over() -> None:
    history = History()
    history.push(inverse("start n1 again"))
    history.push(inverse("resume n2", applies=False))
    assert history.label() == "start n1 again"


def test_the_oldest_is_forgotten_past_the_bound() -> None:
    history = History()
    for number in range(UNDO_MAX + 3):
        history.push(inverse(str(number)))
    popped: list[str] = []
    while (entry := history.pop()) is not None:
        popped.append(entry.label)
    assert len(popped) == UNDO_MAX
    assert popped[-1] == "3"
