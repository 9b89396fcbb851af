"""Everything that is drawn for one simulated world, before anything happens.

Decides how large the world is, how its nodes are configured and how hard its network and clients
are, all from the seed; whatever the caller fixed stays fixed. The options are values: printed
first, and enough to build the same world again. What is done to it is in `schedule`.
"""

from __future__ import annotations

from random import Random
from typing import Final, Literal, get_args

from msgspec import Struct
from msgspec.structs import replace

from cluster.config import DEMO, MS, SECOND, Config, DataConfig, ObserveConfig, RingConfig
from cluster.sim.dice import Dice
from cluster.sim.network import Weather
from cluster.sim.rooms.options import NO_ROOMS, RoomsDrawn, draw_rooms

FaultsName = Literal[
    "calm",
    "kills",
    "pauses",
    "partitions",
    "lossy",
    "disks",
    "clocks",
    "churn",
    "swizzle",
    "hell",
    "vanish",
    "multiply",
    "forget",
    "stuck",
    "twins",
]
NAMES: Final[tuple[FaultsName, ...]] = get_args(FaultsName)
STORY_NODES: Final[dict[FaultsName, int]] = {
    "vanish": 4,
    "multiply": 5,
    "forget": 5,
    "stuck": 8,
    "twins": 4,
}
"""Schedules that retell what befell others (`cluster.sim.faults.stories`), and how many nodes each
needs. There are always rooms in them."""
NODES: Final = (5, 9)
"""How many nodes a world has when nobody said."""
QUORUMS: Final = ((3, 2, 2),) * 6 + ((3, 1, 3), (3, 3, 1), (5, 3, 3))
"""(N, R, W), drawn from these: mostly the default. R + W > N always."""
ROUGH: Final[frozenset[FaultsName]] = frozenset({"lossy", "hell"})


class Options(Struct, frozen=True):
    """One world. Times are microseconds."""

    seed: int
    faults: FaultsName
    nodes: int
    lasting_us: int
    """Of the safety phase, in which anything may fail."""
    only: tuple[int, ...] | None
    """The numbers of the episodes that are played; None plays all."""
    replicas: int
    read_quorum: int
    write_quorum: int
    partitions: int
    evict_after_us: int
    hints_max: int
    hint_batch: int
    page_bytes: int
    clients: int
    keys: int
    """Of plain values."""
    counters: int
    sets: int
    think_us: int
    """A client waits this long on average between two operations."""
    weather: Weather
    rooms: RoomsDrawn = NO_ROOMS

    @property
    def gentle(self) -> bool:
        """Nothing fails in this world: members come and go, all else works."""
        return self.faults in ("calm", "churn", "multiply")

    def config(self) -> Config:
        """What its nodes are told."""
        data = DataConfig(
            read_quorum=self.read_quorum,
            write_quorum=self.write_quorum,
            hints_max=self.hints_max,
            hint_batch=self.hint_batch,
            transfer_page_bytes=self.page_bytes,
        )
        return replace(
            DEMO,
            membership=replace(DEMO.membership, evict_after_us=self.evict_after_us),
            ring=RingConfig(partitions=self.partitions, replicas=self.replicas),
            data=data,
            rooms=self.rooms.config(DEMO.rooms),
            # Messages one by one would cost more than the messages; pulses state all totals.
            observe=ObserveConfig(pulse_period_us=SECOND, traced_messages_per_s=0),
        )

    def lines(self) -> list[str]:
        """Every option, for people: printed before anything happens."""
        weather = self.weather
        return [
            f"seed {self.seed}, faults {self.faults}, {self.nodes} nodes, "
            f"{self.lasting_us / SECOND:g} s of faults"
            + (f", only episodes {','.join(map(str, self.only))}" if self.only is not None else ""),
            f"N={self.replicas} R={self.read_quorum} W={self.write_quorum}, "
            f"{self.partitions} partitions, evicted after {self.evict_after_us / SECOND:g} s",
            f"at most {self.hints_max} hints a member, {self.hint_batch} a batch, "
            f"pages of {self.page_bytes} bytes",
            f"{self.clients} clients on {self.keys} keys, {self.counters} counters and "
            f"{self.sets} sets, {self.think_us / MS:g} ms apart",
            f"latency {weather.latency_us[0] / MS:g} to {weather.latency_us[1] / MS:g} ms, "
            f"loss {weather.loss:.1%}, doubled {weather.duplicate:.1%}, "
            f"reordered {weather.reorder:.1%}",
            *([self.rooms.line()] if self.rooms.count else []),
        ]


def draw(
    seed: int,
    faults: FaultsName,
    lasting_us: int,
    nodes: int | None = None,
    only: tuple[int, ...] | None = None,
    rooms: int | None = None,
) -> Options:
    """The options of a seed. Equal arguments give equal options. `rooms`: how many, if not drawn."""
    rng = Dice(seed).stream("options")
    drawn_nodes = rng.randint(*NODES)
    size = nodes or STORY_NODES.get(faults, drawn_nodes)
    replicas, read_quorum, write_quorum = rng.choice(QUORUMS)
    if size < replicas + 2:  # somebody must be left to stand in
        replicas, read_quorum, write_quorum = 3, 2, 2
    return Options(
        seed=seed,
        faults=faults,
        nodes=size,
        lasting_us=lasting_us,
        only=only,
        replicas=replicas,
        read_quorum=read_quorum,
        write_quorum=write_quorum,
        partitions=rng.choice((8, 16, 16, 32)),
        evict_after_us=rng.choice((2, 4, 8, 8, 30)) * SECOND,
        hints_max=rng.choice((20_000, 20_000, 20_000, 4)),
        hint_batch=rng.choice((2, 16, 64)),
        page_bytes=rng.choice((64, 1_024, 262_144)),
        clients=rng.randint(2, 5),
        keys=rng.randint(6, 24),
        think_us=rng.choice((100, 200, 400)) * MS,
        weather=_weather(rng, rough=faults in ROUGH),
        counters=rng.randint(1, 3),
        sets=rng.randint(1, 3),
        rooms=draw_rooms(seed, rooms, always=faults in STORY_NODES),
    )


def _weather(rng: Random, *, rough: bool) -> Weather:
    slowest = rng.choice((1_500, 1_500, 5_000, 20_000))
    loss, duplicate, reorder = rng.random() * 0.08, rng.random() * 0.05, rng.random() * 0.1
    if not rough:
        return Weather(latency_us=(150, slowest))
    return Weather((150, slowest), loss=loss, duplicate=duplicate, reorder=reorder)
