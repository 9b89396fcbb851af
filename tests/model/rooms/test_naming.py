"""Which names a room may have, and what its record says."""

from __future__ import annotations

import msgspec
import pytest

from cluster.model.rooms.naming import BehaviourName, RoomName


@pytest.mark.parametrize("name", ["room-7", "7", "a.b~c_D", "-", "x" * 64])
def test_a_room_may_be_called(name: str) -> None:
    assert msgspec.convert(name, RoomName) == name


@pytest.mark.parametrize(
    "name", ["", ".", "..", ".hidden", "a b", "a/b", "ä", "room-7\n", "x" * 65]
)
def test_a_room_may_not_be_called(name: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(name, RoomName)


@pytest.mark.parametrize("name", ["", "Quiz", "quiz\n", "q" * 33])
def test_a_behaviour_may_not_be_called(name: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(name, BehaviourName)
