"""What a supervisor bears, what it does when that is too much, and what an heir keeps."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from cluster.config import MS, SECOND, RoomsConfig
from cluster.model.member import NodeId
from cluster.model.rooms.naming import Token
from cluster.protocol.rooms.supervisor import (
    Escalate,
    GiveUp,
    Heirs,
    Restart,
    Supervisor,
    Table,
    Verdict,
)

CONFIG = RoomsConfig()
FIRST, SECOND_LIFE = Token(1, NodeId("n1"), 1), Token(2, NodeId("n1"), 1)


def crashes(
    supervisor: Supervisor, rooms: list[str], every: int = 10 * MS, start: int = 0
) -> list[Verdict]:
    return [supervisor.exited(room, start + i * every) for i, room in enumerate(rooms)]


def test_three_crashes_in_five_seconds_are_borne_and_the_fourth_ends_all_rooms() -> None:
    verdicts = crashes(Supervisor(CONFIG), ["room-7"] * 4, every=SECOND)
    assert verdicts == [Restart(1), Restart(2), Restart(3), Escalate(4)]


def test_crashes_are_counted_over_all_rooms() -> None:
    verdicts = crashes(Supervisor(CONFIG), ["a", "b", "c", "d"])
    assert verdicts == [Restart(1), Restart(2), Restart(3), Escalate(4)]


def test_a_crash_every_two_seconds_is_borne_for_ever() -> None:
    verdicts = crashes(Supervisor(CONFIG), ["room-7"] * 100, every=2 * SECOND)
    assert verdicts[2:] == [Restart(3)] * 98


def test_a_restart_as_old_as_the_window_still_counts_and_an_older_one_does_not() -> None:
    for passed, expected in ((5 * SECOND, Escalate(4)), (5 * SECOND + 1, Restart(3))):
        supervisor = Supervisor(CONFIG)
        crashes(supervisor, ["a", "b", "c"], every=SECOND)
        assert supervisor.exited("d", passed) == expected


def test_after_all_rooms_were_restarted_the_window_is_empty() -> None:
    verdicts = crashes(Supervisor(CONFIG), ["room-7"] * 8)
    assert verdicts == [Restart(1), Restart(2), Restart(3), Escalate(4)] * 2


def test_a_room_that_ended_all_rooms_three_times_is_given_up_the_fourth_time() -> None:
    verdicts = crashes(Supervisor(CONFIG), ["room-7"] * 16)
    assert [v for v in verdicts if not isinstance(v, Restart)] == [Escalate(4)] * 3 + [GiveUp(4)]


def test_a_second_poisoned_room_is_given_up_without_ending_all_rooms_again() -> None:
    supervisor = Supervisor(CONFIG)
    crashes(supervisor, ["room-7"] * 16)
    verdicts = crashes(supervisor, ["room-8"] * 4, start=SECOND)
    assert verdicts == [Restart(1), Restart(2), Restart(3), GiveUp(4)]


def test_after_a_quiet_window_everything_is_borne_as_at_first() -> None:
    supervisor = Supervisor(CONFIG)
    crashes(supervisor, ["room-7"] * 16)
    verdicts = crashes(supervisor, ["room-8"] * 4, start=6 * SECOND)
    assert verdicts == [Restart(1), Restart(2), Restart(3), Escalate(4)]


def test_a_bystander_whose_one_crash_is_the_one_too_many_is_restarted() -> None:
    supervisor = Supervisor(CONFIG)
    crashes(supervisor, ["poison"] * 15)
    assert isinstance(supervisor.exited("bystander", SECOND), Restart)
    assert supervisor.exited("poison", SECOND + MS) == GiveUp(4)


def test_a_supervisor_that_bears_nothing_gives_up_at_once() -> None:
    assert Supervisor(replace(CONFIG, restarts_max=0)).exited("room-7", 0) == GiveUp(1)


def otp(times: list[int], intensity: int, period: int) -> list[bool]:
    """Which of these crashes end a supervisor that always comes back, as OTP counts them."""
    past: list[int] = []
    ended: list[bool] = []
    for now in times:
        past = [at for at in past if now - at <= period] + [now]
        ended.append(len(past) > intensity)
        if ended[-1]:
            past = []
    return ended


@settings(derandomize=True, max_examples=300)
@given(
    st.lists(st.tuples(st.integers(0, 2 * SECOND), st.sampled_from("abc")), max_size=60),
    st.integers(1, 4),
)
def test_who_is_taken_down_is_what_otp_says_of_both_supervisors(
    history: list[tuple[int, str]], intensity: int
) -> None:
    supervisor = Supervisor(replace(CONFIG, restarts_max=intensity))
    now = 0
    times: list[int] = []
    verdicts: list[Verdict] = []
    for gap, room in history:
        now += gap
        times.append(now)
        verdicts.append(supervisor.exited(room, now))
        if isinstance(verdicts[-1], GiveUp):
            break
    level_1 = otp(times, intensity, CONFIG.restarts_window_us)
    level_2 = otp(
        [at for at, up in zip(times, level_1, strict=True) if up],
        intensity,
        CONFIG.restarts_window_us,
    )
    before = len(verdicts) if True not in level_2 else _nth(level_1, level_2.index(True))
    expected = [Escalate if up else Restart for up in level_1[:before]]
    assert [type(verdict) for verdict in verdicts[:before]] == expected
    if before < len(verdicts):
        # Here OTP ends the node. We give up who crashed most, now or at one of its next crashes.
        assert not isinstance(verdicts[before], Escalate)


def _nth(level_1: list[bool], number: int) -> int:
    return [index for index, up in enumerate(level_1) if up][number]


@settings(derandomize=True, max_examples=200)
@given(
    st.lists(
        st.tuples(st.integers(0, SECOND // 2), st.sampled_from(["poison", "a", "b", "c"])),
        max_size=80,
    )
)
def test_nobody_is_given_up_while_another_has_crashed_more_often_in_the_window(
    history: list[tuple[int, str]],
) -> None:
    supervisor = Supervisor(CONFIG)
    now = 0
    lately: list[tuple[int, str]] = []
    for gap, room in history:
        now += gap
        lately = [(at, r) for at, r in lately if now - at <= CONFIG.restarts_window_us]
        lately = [*lately, (now, room)][-16:]
        if isinstance(supervisor.exited(room, now), GiveUp):
            crashed = [r for _, r in lately]
            assert crashed.count(room) == max(crashed.count(r) for r in crashed)
            lately = [(at, r) for at, r in lately if r != room]


def test_an_heir_hands_over_what_a_crashed_process_left_and_keeps_nothing() -> None:
    heirs = Heirs[str](CONFIG)
    assert heirs.handed("room-7") is None
    assert heirs.left("room-7", FIRST, "state")
    assert heirs.handed("room-7") == Table(FIRST, "state")
    assert heirs.handed("room-7") is None


def test_an_heir_takes_the_table_of_the_later_process_only() -> None:
    heirs = Heirs[str](CONFIG)
    assert heirs.left("room-7", SECOND_LIFE, "later")
    assert not heirs.left("room-7", FIRST, "earlier")
    assert heirs.left("room-7", SECOND_LIFE, "same process, crashed again")
    assert heirs.handed("room-7") == Table(SECOND_LIFE, "same process, crashed again")


def test_an_heir_forgets_a_room_that_lives_elsewhere() -> None:
    heirs = Heirs[str](CONFIG)
    heirs.left("room-7", FIRST, "state")
    heirs.forget("room-7")
    heirs.forget("room-8")
    assert heirs.handed("room-7") is None
    assert len(heirs) == 0


def test_an_heir_has_place_for_as_many_rooms_as_the_node() -> None:
    heirs = Heirs[str](replace(CONFIG, rooms_max=2))
    assert heirs.left("a", FIRST, "a")
    assert heirs.left("b", FIRST, "b")
    assert not heirs.left("c", FIRST, "c")
    assert heirs.left("a", SECOND_LIFE, "a again")
    assert len(heirs) == 2
