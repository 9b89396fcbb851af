"""The disk: what is promised is there after a kill, and what was refused never was."""

from __future__ import annotations

import asyncio
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random

import lmdb
import pytest

from cluster.model.fingerprint import position
from cluster.model.member import NodeId
from cluster.model.versions import Record, Sibling, Versions
from cluster.protocol.effects import (
    DiskWrite,
    DropAll,
    DropHint,
    DropRecord,
    PutHint,
    PutMeta,
    PutRecord,
)
from cluster.runtime import clock
from cluster.runtime.disk import store as store_module
from cluster.runtime.disk.directory import StoreError, in_use
from cluster.runtime.disk.store import Store
from tests.runtime.soon import soon

N2 = NodeId("n2")


def record(value: bytes) -> Record:
    return Record(Versions({"n1.1.1": 1}, (Sibling("n1.1.1", 1, value, "text/plain", 5),)))


def put(key: bytes, value: bytes = b"v", partition: int = 3) -> PutRecord:
    return PutRecord(partition, key, record(value))


class Disk:
    """A store and what it reported."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.store = Store(path, "n1", "test", 64)
        self.persisted: list[int] = []
        self.refused: list[tuple[int, str]] = []
        self.rotted: list[tuple[str, int, int]] = []

    def start(self) -> None:
        wake = asyncio.get_running_loop().call_soon_threadsafe
        self.store.start(
            lambda run: run(),
            wake,
            self.persisted.append,
            lambda t, why: self.refused.append((t, why)),
            lambda kind, partition, count: self.rotted.append((kind, partition, count)),
        )

    async def write(self, token: int, *writes: DiskWrite) -> None:
        """Persist and wait until it is on disk."""
        self.store.persist(token, writes)
        await soon(lambda: token in self.persisted, f"token {token}")

    def reopen(self) -> None:
        self.store.close()
        self.store = Store(self.path, "n1", "test", 64)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    made = Disk(tmp_path / "n1")
    yield made
    made.store.close()


async def test_a_write_is_read_at_once_and_durable_later(disk: Disk) -> None:
    disk.start()
    disk.store.persist(1, (put(b"k"), PutMeta("memory", b"blob")))
    assert disk.store.load(3, b"k") == record(b"v")
    assert disk.store.meta("memory") == b"blob"
    assert disk.store.keys(3) == 1
    assert disk.persisted == []
    await soon(lambda: disk.persisted == [1])
    assert disk.store.load(3, b"k") == record(b"v")
    disk.reopen()
    assert disk.store.load(3, b"k") == record(b"v")
    assert disk.store.meta("memory") == b"blob"
    assert disk.store.keys(3) == 1


async def test_writes_that_queue_up_during_a_commit_share_the_next(disk: Disk) -> None:
    disk.start()
    for token in range(1, 101):
        disk.store.persist(token, (put(b"k%d" % token),))
    await soon(lambda: disk.persisted and disk.persisted[-1] == 100)
    assert disk.persisted == [1, 100]


async def test_a_token_without_writes_waits_for_those_before_it(disk: Disk) -> None:
    disk.start()
    disk.store.persist(1, (put(b"k"),))
    disk.store.persist(2, ())
    await soon(lambda: disk.persisted == [1, 2])
    await disk.write(3)


async def test_the_last_write_of_a_key_wins_within_and_across_commits(disk: Disk) -> None:
    disk.start()
    disk.store.persist(1, (put(b"k", b"1"), put(b"gone", b"1")))
    disk.store.persist(2, (put(b"k", b"2"), DropRecord(3, b"gone")))
    disk.store.persist(3, (DropRecord(3, b"k"), put(b"k", b"3")))
    assert disk.store.load(3, b"gone") is None
    await soon(lambda: 3 in disk.persisted)
    assert disk.store.load(3, b"k") == record(b"3")
    assert disk.store.load(3, b"gone") is None
    assert disk.store.keys(3) == 1
    disk.reopen()
    assert disk.store.load(3, b"k") == record(b"3")
    assert disk.store.load(3, b"gone") is None
    assert disk.store.keys(3) == 1


async def test_a_disk_that_starts_empty_shows_and_keeps_only_what_comes_after(disk: Disk) -> None:
    disk.start()
    await disk.write(1, put(b"old"), PutHint(N2, 3, b"old", 7), PutMeta("left", b"drained"))
    disk.reopen()
    disk.start()
    disk.store.persist(2, (DropAll(), PutMeta("left", b"")))
    assert disk.store.keys(3) == 0
    assert disk.store.load(3, b"old") is None
    await disk.write(3, put(b"new"))
    disk.reopen()
    assert disk.store.keys(3) == 1
    assert [key for key, _ in disk.store.scan(3, b"", 1 << 20)] == [b"new"]
    assert list(disk.store.hints()) == []
    assert disk.store.meta("left") == b""


async def test_hints_are_read_back_at_boot(disk: Disk) -> None:
    disk.start()
    long = b"k" * 1_024
    await disk.write(
        1, PutHint(N2, 3, b"a", 10), PutHint(N2, 3, long, 11), PutHint(N2, 4, b"c", 12)
    )
    await disk.write(2, DropHint(N2, 3, b"a"))
    disk.reopen()
    assert sorted(disk.store.hints()) == [(N2, 3, long, 11), (N2, 4, b"c", 12)]


@pytest.mark.parametrize("committed", [True, False])
async def test_a_scan_visits_every_key_once_whatever_its_length(
    disk: Disk, committed: bool
) -> None:
    rng = Random(7)
    keys = {rng.randbytes(rng.choice((1, 20, 511, 512, 1_024))) for _ in range(120)}
    half = sorted(keys)[:60]
    disk.start()
    await disk.write(1, *(put(key, key) for key in half), put(b"other", partition=4))
    dropped = half[5]
    disk.store.persist(2, (*(put(key, key) for key in keys), DropRecord(3, dropped)))
    if committed:
        await soon(lambda: 2 in disk.persisted)
    seen: list[bytes] = []
    after = b""
    while page := disk.store.scan(3, after, 2_000):
        assert all(found == record(key) for key, found in page)
        seen += [key for key, _ in page]
        after = page[-1][0]
    assert sorted(seen) == sorted(keys - {dropped})
    assert disk.store.keys(3) == len(keys) - 1


async def test_a_scan_gives_at_least_one_record_however_small_the_page(disk: Disk) -> None:
    disk.start()
    await disk.write(1, put(b"a", b"x" * 500_000))
    assert len(disk.store.scan(3, b"", 1)) == 1
    assert disk.store.scan(5, b"", 1) == []


async def test_what_the_disk_refused_is_undone_and_later_writes_are_taken_again(
    disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk.start()
    await disk.write(1, put(b"k", b"old"))
    real = Store._write  # pyright: ignore[reportPrivateUsage]

    def full(_store: Store, _batch: store_module.Batch) -> None:
        raise lmdb.DiskError("No space left on device")

    monkeypatch.setattr(Store, "_write", full)
    disk.store.persist(2, (put(b"k", b"new"), put(b"fresh"), PutMeta("m", b"x")))
    disk.store.persist(3, (DropRecord(3, b"k"),))  # built on what is about to fail
    assert disk.store.keys(3) == 1
    await soon(lambda: len(disk.refused) == 2)
    assert [token for token, _ in disk.refused] == [2, 3]
    assert "No space left" in disk.refused[0][1]
    assert disk.store.load(3, b"k") == record(b"old")
    assert disk.store.load(3, b"fresh") is None
    assert disk.store.meta("m") is None
    assert disk.store.keys(3) == 1
    monkeypatch.setattr(Store, "_write", real)
    await disk.write(4, put(b"k", b"newer"))
    assert disk.store.load(3, b"k") == record(b"newer")
    assert disk.persisted == [1, 4]


async def test_a_disk_that_is_really_full_refuses_and_recovers(disk: Disk) -> None:
    disk.start()
    await disk.write(1, put(b"k", b"old"))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    size = (disk.path / "data.mdb").stat().st_size
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 4_096, hard))
    try:
        disk.store.persist(2, (put(b"big", b"x" * 900_000),))
        await soon(lambda: disk.refused)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert disk.store.load(3, b"big") is None
    await disk.write(3, put(b"k", b"new"))
    disk.reopen()
    assert disk.store.load(3, b"k") == record(b"new")


async def test_a_full_map_grows_and_nobody_notices(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "MAP_BYTES", 262_144)
    disk = Disk(tmp_path / "n1")
    disk.start()
    for token in range(1, 6):
        disk.store.persist(token, (put(b"k%d" % token, b"x" * 300_000),))
        assert disk.store.load(3, b"k1") == record(b"x" * 300_000)
    await soon(lambda: 5 in disk.persisted)
    assert disk.refused == []
    disk.reopen()
    assert disk.store.keys(3) == 5
    disk.store.close()


def test_what_was_reported_durable_survives_kill_9(tmp_path: Path) -> None:
    program = f"""
import asyncio, os, signal
from pathlib import Path
from tests.runtime.test_store import Disk, put
async def main():
    disk = Disk(Path({str(tmp_path / "n1")!r}))
    disk.start()
    for token in range(1, 40):
        await disk.write(token, put(b"k%d" % token))
    os.kill(os.getpid(), signal.SIGKILL)
asyncio.run(main())
"""
    done = subprocess.run([sys.executable, "-c", program], check=False)
    assert done.returncode == -9
    store = Store(tmp_path / "n1", "n1", "test", 64)
    assert store.keys(3) == 39
    store.close()


# --- whose directory -------------------------------------------------------------------------------


def test_epochs_rise_from_boot_to_boot(tmp_path: Path) -> None:
    epochs: list[int] = []
    for _ in range(3):
        store = Store(tmp_path, "n1", "test", 64)
        epochs.append(store.epoch)
        store.close()
    assert epochs == sorted(set(epochs))


def test_a_node_wiped_and_started_again_within_a_second_begins_a_later_life(
    tmp_path: Path,
) -> None:
    before = clock.wall_ms()
    store = Store(tmp_path / "lost", "n1", "test", 64)
    store.close()
    while clock.wall_ms() == store.epoch:
        pass  # less than a millisecond: no process starts in that
    again = Store(tmp_path / "new", "n1", "test", 64)
    again.close()
    assert before <= store.epoch < again.epoch < before + 60_000


def test_the_epoch_is_on_disk_before_it_is_used(tmp_path: Path) -> None:
    store = Store(tmp_path, "n1", "test", 64)
    assert f'"epoch":{store.epoch}'.encode() in (tmp_path / "node.json").read_bytes()
    store.close()


@pytest.mark.parametrize(
    ("name", "cluster", "partitions", "says"),
    [
        ("n2", "test", 64, "belongs to node n1"),
        ("n1", "other", 64, "belongs to cluster test"),
        ("n1", "test", 128, "made for 64 partitions"),
    ],
)
def test_a_directory_of_somebody_else_is_refused(
    tmp_path: Path, name: str, cluster: str, partitions: int, says: str
) -> None:
    Store(tmp_path, "n1", "test", 64).close()
    with pytest.raises(StoreError, match=says):
        Store(tmp_path, name, cluster, partitions)
    Store(tmp_path, "n1", "test", 64).close()


def test_a_directory_in_use_is_refused_and_says_by_whom(tmp_path: Path) -> None:
    store = Store(tmp_path, "n1", "test", 64)
    with pytest.raises(StoreError, match=f"in use by process {os.getpid()}"):
        Store(tmp_path, "n1", "test", 64)
    assert f"in use by process {os.getpid()}" in in_use(tmp_path)
    store.close()
    assert in_use(tmp_path) == in_use(tmp_path / "new") == ""


def test_a_path_that_cannot_be_a_directory_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError, match="not a directory"):
        Store(tmp_path / "file", "n1", "test", 64)
    with pytest.raises(StoreError, match="not a directory"):
        Store(tmp_path / "file" / "n1", "n1", "test", 64)


def test_a_damaged_identity_is_one_sentence(tmp_path: Path) -> None:
    Store(tmp_path, "n1", "test", 64).close()
    (tmp_path / "node.json").write_text("{")
    with pytest.raises(StoreError, match="damaged"):
        Store(tmp_path, "n1", "test", 64)


def test_a_damaged_store_is_one_sentence(tmp_path: Path) -> None:
    Store(tmp_path, "n1", "test", 64).close()
    (tmp_path / "data.mdb").write_bytes(b"junk" * 4_096)
    with pytest.raises(StoreError, match="damaged; move it away"):
        Store(tmp_path, "n1", "test", 64)


def filled(path: Path) -> bytes:
    """What a store's file looks like with a few thousand records in it."""
    Store(path, "n1", "test", 64).close()
    env = lmdb.Environment(str(path), max_dbs=3, map_size=2**26)
    database = env.open_db(b"records")
    with env.begin(write=True) as txn:
        for number in range(3_000):
            txn.put(number.to_bytes(18, "big"), bytes(200), db=database)
    env.close()
    return (path / "data.mdb").read_bytes()


@pytest.mark.parametrize("part", [0.1, 0.5, 0.9])
def test_a_truncated_store_is_one_sentence_and_not_the_silent_end_of_the_process(
    tmp_path: Path, part: float
) -> None:
    whole = filled(tmp_path)
    (tmp_path / "data.mdb").write_bytes(whole[: int(len(whole) * part)])
    with pytest.raises(StoreError, match="damaged; move it away"):
        Store(tmp_path, "n1", "test", 64)


@pytest.mark.parametrize("seed", range(8))
def test_a_store_with_pages_of_noise_opens_or_says_one_sentence(tmp_path: Path, seed: int) -> None:
    whole = bytearray(filled(tmp_path))
    dice = Random(seed)
    for _ in range(300):
        whole[dice.randrange(8_192, len(whole))] = dice.randrange(256)
    (tmp_path / "data.mdb").write_bytes(whole)
    try:
        Store(tmp_path, "n1", "test", 64).close()
    except StoreError as error:
        assert "damaged; move it away" in str(error)  # noqa: PT017


def damage(path: Path, table: bytes, value: bytes) -> int:
    """Change one byte of every row of a table that holds `value`; returns how many there were."""
    env = lmdb.Environment(str(path), max_dbs=3)
    database = env.open_db(table)
    with env.begin(write=True) as txn:
        rows = [(k, v) for k, v in txn.cursor(database) if value in v]
        for key, row in rows:
            at = row.index(value)
            changed = row[:at] + bytes([row[at] ^ 1]) + row[at + 1 :]
            txn.put(key, changed, db=database)
    env.close()
    return len(rows)


async def test_a_damaged_record_reads_as_absent_is_told_once_and_can_be_written_again(
    disk: Disk,
) -> None:
    disk.start()
    await disk.write(1, put(b"a", b"whole"), put(b"b", b"flipped"), put(b"c", b"whole"))
    disk.store.close()
    assert damage(disk.path, b"records", b"flipped") == 1
    disk.store = Store(disk.path, "n1", "test", 64)
    disk.start()
    assert disk.store.load(3, b"b") is None
    assert {key for key, _ in disk.store.scan(3, b"", 10_000)} == {b"a", b"c"}
    assert disk.rotted == [("record", 3, 1)]
    await disk.write(2, put(b"b", b"healed"))
    assert disk.store.load(3, b"b") == record(b"healed")
    assert disk.store.keys(3) == 3
    assert len(disk.store.scan(3, b"", 10_000)) == 3


async def test_damaged_hints_and_blobs_are_left_out_and_crash_nobody(disk: Disk) -> None:
    disk.start()
    n2 = NodeId("n2")
    await disk.write(1, PutHint(n2, 3, b"whole", 5), PutHint(n2, 3, b"flipped", 6))
    await disk.write(2, PutMeta("memory", b"remembered"))
    disk.store.close()
    assert damage(disk.path, b"hints", b"flipped") == 1
    assert damage(disk.path, b"meta", b"remembered") == 1
    disk.store = Store(disk.path, "n1", "test", 64)
    disk.start()
    assert list(disk.store.hints()) == [(n2, 3, b"whole", 5)]
    assert disk.rotted == [("hint", -1, 1)]
    assert disk.store.meta("memory") == b""
    assert disk.store.meta("other") is None


def test_a_directory_of_an_older_format_is_refused_with_a_sentence(tmp_path: Path) -> None:
    Store(tmp_path, "n1", "test", 64).close()
    identity = tmp_path / "node.json"
    identity.write_bytes(identity.read_bytes().replace(b'"format":2', b'"format":1'))
    with pytest.raises(
        StoreError, match=r"lies in format 1, this program reads 2; choose an empty"
    ):
        Store(tmp_path, "n1", "test", 64)


async def test_the_leaves_of_a_partition_are_pages_of_its_scan(disk: Disk) -> None:
    disk.start()
    keys = [b"k%d" % i for i in range(200)]
    await disk.write(1, *(put(key) for key in keys[:150]))
    disk.store.persist(2, tuple(put(key) for key in keys[150:]))
    whole = [key for key, _ in disk.store.scan(3, b"", 1 << 20)]
    assert whole == sorted(keys, key=position)
    leaves = [[key for key, _ in disk.store.leaf(3, leaf, 8, b"", 1 << 20)] for leaf in range(8)]
    assert [key for leaf in leaves for key in leaf] == whole
    first = leaves[5][0]
    assert [key for key, _ in disk.store.leaf(3, 5, 8, first, 1)] == [leaves[5][1]]
    assert disk.store.leaf(3, 5, 8, leaves[5][-1], 1) == []
