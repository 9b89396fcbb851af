"""Membership as its users know it: who is suspected, who is declared dead, who comes back."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from cluster.config import DEMO, SECOND
from cluster.model.facts import (
    MemberChanged,
    ProbeMissed,
    PulseReported,
    StallNoticed,
    SuspicionConfirmed,
    SuspicionRaised,
    SuspicionRefuted,
)
from cluster.model.member import Address, MemberState, NodeId
from cluster.protocol.effects import CancelTimer, Halt, Reply, Send, SetTimer
from cluster.protocol.inputs import (
    JoinCommand,
    LeaveCommand,
    LinkClosed,
    Requested,
    RequestId,
)
from cluster.protocol.messages import Ack, Gossip, Ping, PingReq, PushPull
from tests.protocol.lone import EPOCH, Lone, claim, facts, packet, sends
from tests.world import START, World

ALIVE, SUSPECT, DEAD = MemberState.ALIVE, MemberState.SUSPECT, MemberState.DEAD


def test_a_probe_pings_one_member_and_sets_both_of_its_deadlines() -> None:
    one = Lone("n2")
    effects = one.fire("probe")
    assert sends(effects) == [("n2", "Ping")]
    timers = [e for e in effects if isinstance(e, SetTimer)]
    assert timers == [
        SetTimer(("probe",), START + DEMO.membership.probe_period_us),
        SetTimer(("ping", "1"), START + DEMO.membership.probe_timeout_us),
        SetTimer(("probed", "1"), START + DEMO.membership.probe_period_us),
    ]


def test_an_ack_ends_the_probe() -> None:
    one = Lone("n2")
    one.fire("probe")
    effects = one.hear(packet("n2", Ack(1, NodeId("n2"))))
    assert CancelTimer(("probed", "1")) in effects
    assert facts(one.fire("probed", "1")) == []
    assert one.belief("n2").state is ALIVE


def test_an_unanswered_ping_is_retried_through_others_before_anyone_is_suspected() -> None:
    one = Lone("n2", "n3", "n4")
    target = next(to for to, kind in sends(one.fire("probe")) if kind == "Ping")
    one.now += DEMO.membership.probe_timeout_us
    effects = one.fire("ping", "1")
    helpers = {"n2", "n3", "n4"} - {target}
    assert {to for to, kind in sends(effects) if kind == "PingReq"} == helpers
    assert any(isinstance(f, ProbeMissed) and f.target == target for f in facts(effects))
    assert one.belief(target).state is ALIVE


def test_an_ack_through_a_proxy_counts() -> None:
    one = Lone("n2", "n3")
    target = next(to for to, _ in sends(one.fire("probe")))
    other = "n3" if target == "n2" else "n2"
    one.fire("ping", "1")
    one.hear(packet(other, Ack(1, NodeId(target))))
    one.fire("probed", "1")
    assert one.belief(target).state is ALIVE


def test_a_proxy_pings_for_the_asker_and_passes_the_answer_back() -> None:
    one = Lone("n2", "n3")
    request = PingReq(77, NodeId("n3"), Address("10.0.0.3:7000"))
    effects = one.hear(packet("n2", request))
    ping = next(s for s in effects if isinstance(s, Send))
    assert isinstance(ping.packet.body, Ping)
    effects = one.hear(packet("n3", Ack(ping.packet.body.number, NodeId("n3"))))
    relayed = next(s for s in effects if isinstance(s, Send))
    assert (relayed.to, relayed.packet.body) == ("n2", Ack(77, NodeId("n3")))


def test_a_period_without_any_answer_raises_a_suspicion_with_a_deadline() -> None:
    one = Lone("n2", "n3", "n4")
    target = next(to for to, _ in sends(one.fire("probe")))
    one.now += DEMO.membership.probe_period_us
    raised = [f for f in facts(one.fire("probed", "1")) if isinstance(f, SuspicionRaised)]
    assert [(r.subject, r.accuser, r.evidence) for r in raised] == [(target, "n1", "silent")]
    assert raised[0].deadline == one.now + DEMO.membership.suspicion_max_us


def test_other_accusers_shorten_the_wait_from_max_to_min() -> None:
    one = Lone("n2", "n3", "n4", "n5")
    suspect = claim("n5", SUSPECT, accuser=NodeId("n2"))
    one.hear(packet("n2", Gossip(), suspect))
    effects = one.hear(packet("n3", Gossip(), replace(suspect, accuser=NodeId("n3"))))
    effects += one.hear(packet("n4", Gossip(), replace(suspect, accuser=NodeId("n4"))))
    confirmed = [f for f in facts(effects) if isinstance(f, SuspicionConfirmed)]
    assert [c.confirmations for c in confirmed] == [1, 2]
    assert confirmed[0].deadline > confirmed[1].deadline
    assert confirmed[1].deadline == START + DEMO.membership.suspicion_min_us


def test_a_suspect_that_answers_in_time_is_not_declared_dead() -> None:
    one = Lone("n2", "n3")
    one.hear(packet("n3", Gossip(), claim("n2", SUSPECT, accuser=NodeId("n3"))))
    assert one.belief("n2").state is SUSPECT
    one.hear(packet("n3", Gossip(), claim("n2", ALIVE, incarnation=1)))
    one.now += 60 * SECOND
    one.fire("suspect", "n2")
    assert one.belief("n2").state is ALIVE


def test_a_suspect_whose_time_is_up_is_declared_dead() -> None:
    one = Lone("n2", "n3")
    one.hear(packet("n3", Gossip(), claim("n2", SUSPECT, accuser=NodeId("n3"))))
    one.fire("suspect", "n2")
    assert one.belief("n2").state is DEAD


def test_a_node_that_slept_itself_declares_nobody_dead_and_counts_no_overdue_probe() -> None:
    one = Lone("n2", "n3")
    one.fire("probe")
    one.hear(packet("n3", Gossip(), claim("n3"), claim("n2", SUSPECT, accuser=NodeId("n3"))))
    late = DEMO.membership.stall_us + 1
    one.now += 10 * SECOND
    effects = one.fire("suspect", "n2", late_us=late) + one.fire("probed", "1", late_us=late)
    assert one.belief("n2").state is SUSPECT
    assert one.belief("n3").state is ALIVE
    assert any(isinstance(e, SetTimer) and e.timer == ("suspect", "n2") for e in effects)
    assert StallNoticed(late) in facts(one.fire("probe", late_us=late))


def test_only_the_accused_raises_its_own_incarnation() -> None:
    one = Lone("n2")
    effects = one.hear(packet("n2", Gossip(), claim("n1", SUSPECT, 4, accuser=NodeId("n2"))))
    assert SuspicionRefuted(5, SUSPECT, NodeId("n2")) in facts(effects)
    assert one.belief("n1").incarnation == 5
    assert one.belief("n1").state is ALIVE


def test_dead_learned_by_push_pull_is_only_suspect() -> None:
    one = Lone("n2", "n3")
    view = PushPull((claim("n2"), claim("n3", DEAD, accuser=NodeId("n2"))), answer=True)
    one.hear(packet("n2", view))
    assert one.belief("n3").state is SUSPECT


def test_a_refused_connection_starts_a_probe_and_shortens_the_suspicion_but_kills_nobody() -> None:
    one = Lone("n2", "n3", "n4")
    effects = one.node.handle(LinkClosed(Address("10.0.0.2:7000"), "refused"), one.now)
    assert ("n2", "Ping") in sends(effects)
    assert one.belief("n2").state is ALIVE
    one.now += DEMO.membership.probe_period_us
    raised = [f for f in facts(one.fire("probed", "1")) if isinstance(f, SuspicionRaised)]
    assert raised[0].evidence == "refused"
    assert raised[0].deadline == one.now + DEMO.membership.crash_suspicion_us


def test_a_claim_from_an_earlier_life_changes_nothing() -> None:
    one = Lone("n2")
    one.hear(packet("n2", Gossip(), claim("n3", epoch=EPOCH + 5)))
    one.hear(packet("n2", Gossip(), claim("n3", DEAD, 9, epoch=EPOCH)))
    assert one.belief("n3").state is ALIVE


def test_a_later_life_under_our_name_ends_this_one() -> None:
    one = Lone("n2")
    effects = one.hear(packet("n2", Gossip(), claim("n1", epoch=EPOCH + 1)))
    assert [e.failed for e in effects if isinstance(e, Halt)] == [True]


def test_a_claim_from_the_far_future_is_nonsense_and_ends_nobody() -> None:
    one = Lone("n2")
    effects = one.hear(packet("n2", Gossip(), claim("n1", epoch=2**50), claim("n9", epoch=2**50)))
    assert not any(isinstance(e, Halt) for e in effects)
    assert NodeId("n9") not in one.node.members.claims


def test_a_ping_to_a_suspect_tells_it_of_the_suspicion() -> None:
    one = Lone("n2")
    suspect = claim("n2", SUSPECT, accuser=NodeId("n3"))
    one.hear(packet("n3", Gossip(), suspect))
    ping = next(e for e in one.fire("probe") if isinstance(e, Send))
    assert suspect in ping.packet.claims


# --- whole clusters ------------------------------------------------------------------------------


def test_five_nodes_that_join_through_one_seed_agree_within_a_second() -> None:
    world = World(5)
    assert world.until(world.agreed, 5, "one view") <= 1.0
    assert len(world.node("n5").placement.ring.members) == 5


def test_two_clusters_become_one_through_any_member() -> None:
    world = World(2)
    world.start("n3")
    world.start("n4", ("n3",))
    world.run(2)
    world.call("n4", JoinCommand(world.hosts[NodeId("n2")].address))
    world.until(lambda: world.agreed() and len(world.node("n3").members.claims) == 4, 5, "one")


@pytest.mark.parametrize("seed", range(5))
def test_a_killed_node_is_suspected_in_half_a_second_and_dead_for_all_in_one_and_a_half(
    seed: int,
) -> None:
    world = World(5, seed=seed)
    world.until(world.agreed, 5)
    world.kill("n4")
    assert (
        world.until(lambda: SUSPECT in (n.members.state(NodeId("n4")) for n in world.live()), 5)
        <= 0.5
    )
    assert world.until(lambda: world.all_see("n4", DEAD), 5) <= 1.0


@pytest.mark.parametrize("seed", range(5))
def test_a_two_second_pause_kills_nobody_and_a_hang_is_dead_for_all_in_five(seed: int) -> None:
    world = World(5, seed=seed)
    world.until(world.agreed, 5)
    world.pause("n2")
    world.run(2)
    world.resume("n2")
    world.until(world.agreed, 2, "agreement after the pause")
    assert not [c for c in world.told(MemberChanged) if c.claim.state >= DEAD]
    world.pause("n2")
    assert world.until(lambda: world.all_see("n2", DEAD), 6) <= 5.0
    world.resume("n2")
    assert world.until(lambda: world.all_see("n2", ALIVE), 6, "back") <= 1.0


def test_a_restart_is_never_confused_with_its_past() -> None:
    world = World(5)
    world.until(world.agreed, 5)
    first = world.node("n1").members.claims[NodeId("n3")].epoch
    world.kill("n3")
    world.run(0.2)
    world.start("n3")
    world.until(lambda: world.agreed() and world.all_see("n3", ALIVE), 5, "the new life")
    assert world.node("n1").members.claims[NodeId("n3")].epoch > first


def test_a_graceful_leave_is_seen_as_left_and_never_as_failed() -> None:
    world = World(5)
    world.until(world.agreed, 5)
    request = world.ask("n5", LeaveCommand())
    world.until(lambda: world.all_see("n5", MemberState.LEFT), 2, "the farewell")
    world.until(lambda: request in world.replies, 2, "the end")
    world.run(3)
    seen = {c.claim.state for c in world.told(MemberChanged) if c.claim.name == "n5"}
    assert seen == {ALIVE, MemberState.LEFT}
    assert all(len(n.placement.ring.members) == 4 for n in world.live())


def test_the_majority_goes_on_without_the_dead_and_the_minority_never_reshuffles() -> None:
    world = World(5)
    world.until(world.agreed, 5)
    ring = world.node("n1").placement.ring.digest
    world.partition(("n1", "n2"), ("n3", "n4", "n5"))
    world.run(20)
    assert [n.placement.ring.digest for n in world.live()][:2] == [ring, ring]
    assert world.node("n4").placement.ring.members == ("n3", "n4", "n5")
    world.heal()
    world.until(lambda: world.agreed() and len(world.node("n1").placement.ring.members) == 5, 10)
    assert world.node("n4").placement.ring.digest == ring


def test_a_partition_of_any_length_heals() -> None:
    world = World(3)
    world.until(world.agreed, 5)
    world.partition(("n1",), ("n2",), ("n3",))
    world.run(600)
    world.heal()
    world.until(lambda: world.agreed() and len(world.node("n1").members.others(ALIVE)) == 2, 10)


def test_a_leaving_node_answers_each_of_its_operators_once() -> None:
    one = Lone("n2")
    one.node.handle(Requested(RequestId(9), LeaveCommand()), one.now)
    one.node.handle(Requested(RequestId(10), LeaveCommand()), one.now)
    effects = one.fire("left")
    assert [e.id for e in effects if isinstance(e, Reply)] == [9, 10]
    assert [e.failed for e in effects if isinstance(e, Halt)] == [False]


def test_a_pulse_tells_once_how_long_a_probed_member_took_to_answer_itself() -> None:
    one = Lone("n2", "n3")
    target = next(to for to, kind in sends(one.fire("probe")) if kind == "Ping")
    one.now += 3_000
    one.hear(packet(target, Ack(1, NodeId(target))))
    pulses = [
        next(f for f in facts(one.fire("pulse")) if isinstance(f, PulseReported)) for _ in range(2)
    ]
    assert [pulse.round_trips for pulse in pulses] == [{target: 3_000}, {}]


def test_an_answer_brought_by_a_helper_is_no_round_trip_of_ours() -> None:
    one = Lone("n2", "n3")
    target = next(to for to, kind in sends(one.fire("probe")) if kind == "Ping")
    helper = "n3" if target == "n2" else "n2"
    one.now += DEMO.membership.probe_timeout_us
    one.fire("ping", "1")
    one.hear(packet(helper, Ack(1, NodeId(target))))
    (pulse,) = [f for f in facts(one.fire("pulse")) if isinstance(f, PulseReported)]
    assert pulse.round_trips == {}
