"""Real Redis (or Valkey) servers for tests, where they are installed: started here, ended here."""

from __future__ import annotations

import shutil
import socket
import subprocess
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep
from typing import Final

SERVER: Final = shutil.which("redis-server") or shutil.which("valkey-server")
CLI: Final = shutil.which("redis-cli") or shutil.which("valkey-cli")
MISSING: Final = "Debian's redis-server is not installed"
WATCHER: Final = (
    "user watcher on >secret resetkeys resetchannels -@all +info "
    "+cluster|nodes +cluster|info +cluster|count-failure-reports +cluster|shards +cluster|links"
)
"""A user that may do what a watcher says, and nothing else."""
PATIENCE_S: Final = 60.0


def free_port() -> int:
    """A port that was free a moment ago, and the one above it that a cluster's bus takes."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port: int = first.getsockname()[1]
            if port + 10_000 > 65_535:
                continue
            with suppress(OSError):
                second.bind(("127.0.0.1", port + 10_000))
                return port


class Servers:
    """Some of them, in one directory."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ports: list[int] = []
        self._processes: dict[int, subprocess.Popen[bytes]] = {}

    def begin(self, *lines: str, cluster: bool = True, tls: bool = False) -> int:
        """One more, empty; its port."""
        port = free_port()
        home = self.folder / str(port)
        home.mkdir()
        own = [
            f"{'tls-port' if tls else 'port'} {port}",
            *(["port 0", "tls-cluster yes", "tls-replication yes"] if tls else []),
            "bind 127.0.0.1",
            'save ""',
            f"dir {home}",
            *(["cluster-enabled yes", "cluster-node-timeout 2000"] if cluster else []),
            *lines,
        ]
        (home / "redis.conf").write_text("\n".join(own) + "\n")
        self.ports.append(port)
        self.start(port)
        return port

    def start(self, port: int) -> None:
        """Start it (again), and wait until it listens."""
        assert SERVER is not None
        home = self.folder / str(port)
        with (home / "log").open("ab") as log:
            self._processes[port] = subprocess.Popen(
                [SERVER, str(home / "redis.conf")], stdout=log, stderr=log, cwd=home
            )
        deadline = monotonic() + PATIENCE_S
        while True:
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                return
            assert monotonic() < deadline, (home / "log").read_text()
            sleep(0.02)

    def process(self, port: int) -> subprocess.Popen[bytes]:
        """Its process."""
        return self._processes[port]

    def kill(self, port: int) -> None:
        """End it without a farewell."""
        self._processes[port].kill()
        self._processes[port].wait()

    def say(self, port: int, *words: str) -> str:
        """Give one of them an order, as an operator would."""
        assert CLI is not None
        told = subprocess.run(
            [CLI, "-p", str(port), *words], capture_output=True, text=True, timeout=PATIENCE_S
        )
        return told.stdout.strip()

    def id(self, port: int) -> str:
        """What its cluster calls it."""
        return self.say(port, "CLUSTER", "MYID")

    def until(self, port: int, what: str, *words: str, times: int = 1) -> None:
        """Wait until an answer says this (so often)."""
        deadline = monotonic() + PATIENCE_S
        while self.say(port, *words).count(what) < times:
            assert monotonic() < deadline, f"{port} never said {what}: {self.say(port, *words)}"
            sleep(0.05)

    def found(self) -> None:
        """Make a cluster of the first six: three masters, each with a replica."""
        assert CLI is not None
        hosts = [f"127.0.0.1:{port}" for port in self.ports[:6]]
        made = subprocess.run(
            [CLI, "--cluster", "create", *hosts, "--cluster-replicas", "1", "--cluster-yes"],
            capture_output=True,
            text=True,
            timeout=2 * PATIENCE_S,
        )
        assert made.returncode == 0, made.stdout + made.stderr
        for port in self.ports[:6]:
            self.until(port, "cluster_known_nodes:6", "CLUSTER", "INFO")
            self.until(port, "cluster_state:ok", "CLUSTER", "INFO")
            self.until(port, "slave", "CLUSTER", "NODES", times=3)
        for port in self.ports[3:6]:
            self.until(port, "master_link_status:up", "INFO", "replication")

    def end(self) -> None:
        """All of them."""
        for process in self._processes.values():
            with suppress(ProcessLookupError):
                process.kill()
        for process in self._processes.values():
            process.wait()
