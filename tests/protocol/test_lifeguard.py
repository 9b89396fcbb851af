"""Lifeguard as its users know it: a node that may itself be at fault accuses more slowly."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from cluster.config import DEMO, LAN, SECOND, Config
from cluster.model.facts import HealthChanged, PulseReported, SuspicionConfirmed, SuspicionRaised
from cluster.model.member import Address, MemberState, NodeId
from cluster.protocol.effects import Effect, Send, SetTimer
from cluster.protocol.inputs import LinkClosed, Measured
from cluster.protocol.messages import Ack, Gossip, Nack, Ping, PingReq
from cluster.protocol.swim.suspicion import patience_us
from tests.protocol.lone import Lone, claim, facts, packet, sends

ALIVE, SUSPECT = MemberState.ALIVE, MemberState.SUSPECT
SWIM = DEMO.membership


def tuned(**changes: Any) -> Config:
    return replace(DEMO, membership=replace(DEMO.membership, **changes))


def health(effects: list[Effect]) -> list[HealthChanged]:
    return [f for f in facts(effects) if isinstance(f, HealthChanged)]


def failed_probe(one: Lone, *nacks: str, number: int = 1) -> list[Effect]:
    """A probe nobody answers, with nacks of these helpers."""
    target = next(to for to, kind in sends(one.fire("probe")) if kind == "Ping")
    one.fire("ping", str(number))
    for helper in nacks:
        if helper != target:
            one.hear(packet(helper, Nack(number, NodeId(target))))
    return one.fire("probed", str(number))


def due(effects: list[Effect], *timer: str) -> int:
    return next(e.due for e in effects if isinstance(e, SetTimer) and e.timer == timer)


# --- nacks -----------------------------------------------------------------------------------------


def test_a_proxy_that_hears_nothing_says_so_after_four_fifths_of_the_probe_timeout() -> None:
    for config in (DEMO, LAN):
        assert config.membership.nack_after_us == config.membership.probe_timeout_us * 8 // 10
    one = Lone("n2", "n3")
    request = PingReq(77, NodeId("n3"), Address("10.0.0.3:7000"), nack=True)
    effects = one.hear(packet("n2", request))
    assert due(effects, "nack", "1") == one.now + SWIM.nack_after_us
    said = [s for s in one.fire("nack", "1") if isinstance(s, Send)]
    assert [(s.to, s.packet.body) for s in said] == [("n2", Nack(77, NodeId("n3")))]


def test_an_ack_that_comes_after_the_nack_is_passed_on_all_the_same() -> None:
    one = Lone("n2", "n3")
    one.hear(packet("n2", PingReq(77, NodeId("n3"), Address("10.0.0.3:7000"), nack=True)))
    one.fire("nack", "1")
    assert ("n2", "Ack") in sends(one.hear(packet("n3", Ack(1, NodeId("n3")))))


def test_a_proxy_whose_ping_was_answered_sends_no_nack() -> None:
    one = Lone("n2", "n3")
    one.hear(packet("n2", PingReq(77, NodeId("n3"), Address("10.0.0.3:7000"), nack=True)))
    one.hear(packet("n3", Ack(1, NodeId("n3"))))
    assert one.fire("nack", "1") == []


def test_nobody_is_asked_for_nacks_where_they_are_switched_off() -> None:
    one = Lone("n2", "n3", config=tuned(nacks=False))
    one.fire("probe")
    asked = [s.packet.body for s in one.fire("ping", "1") if isinstance(s, Send)]
    assert [isinstance(body, PingReq) and body.nack for body in asked] == [False]


# --- the score -------------------------------------------------------------------------------------


def test_each_missing_nack_is_a_sign_that_we_are_at_fault() -> None:
    one = Lone("n2", "n3", "n4", "n5")
    assert health(failed_probe(one)) == [HealthChanged(0, 3, "unheard")]


def test_a_failed_probe_whose_helpers_all_sent_nacks_is_no_fault_of_ours() -> None:
    one = Lone("n2", "n3", "n4", "n5")
    effects = failed_probe(one, "n2", "n3", "n4", "n5")
    assert health(effects) == []
    assert any(isinstance(f, SuspicionRaised) for f in facts(effects))


def test_the_same_nack_twice_counts_once_and_a_strangers_not_for_the_missing() -> None:
    one = Lone("n2", "n3", "n4")
    target = next(to for to, _ in sends(one.fire("probe")))
    helper = next(n for n in ("n2", "n3", "n4") if n != target)
    one.fire("ping", "1")
    one.hear(packet(helper, Nack(1, NodeId(target))))
    one.hear(packet(helper, Nack(1, NodeId(target))))
    assert health(one.fire("probed", "1")) == [HealthChanged(0, 1, "unheard")]


def test_a_failed_probe_without_anybody_to_ask_counts_once() -> None:
    assert health(failed_probe(Lone("n2"))) == [HealthChanged(0, 1, "failed")]
    alone = Lone("n2", "n3", "n4", config=tuned(nacks=False))
    assert health(failed_probe(alone)) == [HealthChanged(0, 1, "failed")]


def test_an_answered_probe_brings_the_score_down_and_never_below_well() -> None:
    one = Lone("n2")
    failed_probe(one)
    one.fire("probe")
    assert health(one.hear(packet("n2", Ack(2, NodeId("n2"))))) == [HealthChanged(1, 0, "answered")]
    one.fire("probe")
    assert health(one.hear(packet("n2", Ack(3, NodeId("n2"))))) == []


def test_having_to_refute_is_a_sign_that_we_are_slow() -> None:
    one = Lone("n2")
    effects = one.hear(packet("n2", Gossip(), claim("n1", SUSPECT, accuser=NodeId("n2"))))
    assert health(effects) == [HealthChanged(0, 1, "refuted")]


def test_a_late_event_loop_is_a_sign_that_we_are_slow_and_the_score_has_an_end() -> None:
    one = Lone("n2")
    well = one.node.handle(Measured(SWIM.health_lag_us, 0), one.now)
    late = [one.node.handle(Measured(SWIM.health_lag_us + 1, 0), one.now) for _ in range(9)]
    assert health(well) == []
    told = [change for effects in late for change in health(effects)]
    assert [c.new for c in told] == [1, 2, 3]
    assert {c.why for c in told} == {"late"}
    pulse = next(f for f in facts(one.fire("pulse")) if isinstance(f, PulseReported))
    assert pulse.health == SWIM.health_max == 3


# --- what the score changes --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scaling", "period", "timeout"), [("none", 1, 1), ("interval", 3, 1), ("both", 3, 3)]
)
def test_a_node_in_doubt_probes_more_slowly_as_its_switch_says(
    scaling: str, period: int, timeout: int
) -> None:
    one = Lone("n2", config=tuned(probe_scaling=scaling))
    for _ in range(2):
        one.node.handle(Measured(SECOND, 0), one.now)
    effects = one.fire("probe")
    assert due(effects, "probe") == one.now + period * SWIM.probe_period_us
    assert due(effects, "probed", "1") == one.now + period * SWIM.probe_period_us
    assert due(effects, "ping", "1") == one.now + timeout * SWIM.probe_timeout_us


def test_what_a_peers_kernel_says_does_not_wait_for_our_own_health() -> None:
    one = Lone("n2", "n3")
    one.node.handle(Measured(SECOND, 0), one.now)
    peer = Address("10.0.0.2:7000")
    effects = one.node.handle(LinkClosed(peer, "closed"), one.now)
    assert due(effects, "probed", "1") == one.now + 2 * SWIM.probe_period_us
    one.now += 1_000
    effects = one.node.handle(LinkClosed(peer, "refused"), one.now)
    assert due(effects, "probed", "1") == one.now - 1_000 + SWIM.probe_period_us


# --- evidence ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("reason", ["closed", "refused", "timeout"])
def test_a_lost_link_starts_a_probe_at_once_and_is_never_a_verdict(reason: str) -> None:
    one = Lone("n2", "n3")
    effects: list[Effect] = []
    for _ in range(20):
        lost = LinkClosed(Address("10.0.0.2:7000"), reason)  # pyright: ignore[reportArgumentType]
        effects += one.node.handle(lost, one.now)
        one.now += 1_000
    assert sends(effects).count(("n2", "Ping")) == 1
    assert one.belief("n2").state is ALIVE
    one.hear(packet("n2", Ack(1, NodeId("n2"))))
    one.now += SWIM.probe_period_us
    one.fire("probed", "1")
    assert one.belief("n2").state is ALIVE


# --- suspicion and buddies -----------------------------------------------------------------------------


def test_a_fixed_suspicion_is_short_and_heeds_no_confirmation() -> None:
    one = Lone("n2", "n3", "n4", "n5", config=tuned(suspicion="fixed"))
    suspect = claim("n5", SUSPECT, accuser=NodeId("n2"))
    effects = one.hear(packet("n2", Gossip(), suspect))
    raised = next(f for f in facts(effects) if isinstance(f, SuspicionRaised))
    assert raised.deadline == one.now + SWIM.suspicion_min_us
    effects = one.hear(packet("n3", Gossip(), replace(suspect, accuser=NodeId("n3"))))
    assert not [f for f in facts(effects) if isinstance(f, SuspicionConfirmed)]


def test_without_the_buddy_system_a_ping_to_a_suspect_says_nothing_of_it() -> None:
    one = Lone("n2", config=tuned(buddy=False, retransmit_mult=0))
    one.hear(packet("n3", Gossip(), claim("n2", SUSPECT, accuser=NodeId("n3"))))
    one.fire("gossip")
    ping = next(e for e in one.fire("probe") if isinstance(e, Send))
    assert isinstance(ping.packet.body, Ping)
    assert ping.packet.claims == ()


@pytest.mark.parametrize(("members", "least", "most"), [(10, 4, 24), (100, 8, 48), (1000, 12, 72)])
def test_patience_grows_with_the_logarithm_of_the_cluster_as_memberlists_does(
    members: int, least: int, most: int
) -> None:
    config = LAN.membership
    others, k = members - 1, config.suspicion_confirmations
    assert patience_us(config, "silent", 0, others, members) == most * SECOND
    assert patience_us(config, "silent", k, others, members) == least * SECOND
    between = patience_us(config, "silent", 1, others, members)
    assert least * SECOND < between < most * SECOND


@pytest.mark.parametrize("members", range(1, 11))
def test_up_to_ten_members_patience_is_as_configured(members: int) -> None:
    assert patience_us(SWIM, "silent", 2, 9, members) == SWIM.suspicion_min_us
    assert patience_us(SWIM, "silent", 0, 9, members) == SWIM.suspicion_max_us
    assert patience_us(SWIM, "refused", 0, 9, members) == SWIM.crash_suspicion_us
