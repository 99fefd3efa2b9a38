"""Three NATS nodes that are one broker, on this machine.

What this is: their configuration and processes, each of which may be killed and started again. What it is
not: how a city runs them (``deploy/`` has that). The one idea: what a node acknowledges two of them have, so
one may die at any moment; if all lose power at once, gateways send the last second again (ADR 0050).
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any, Final

from benchmarks.gateways import spawn, wait_for
from cloud.embedded import identity
from cloud.embedded.accounts import Account, rendered
from cloud.embedded.nats import UNACKED, _program
from cloud.embedded.process import free_port

NODES: Final = 3
START_S: Final = 60.0
_CONFIG: Final = """\
server_name: node{number}
listen: "127.0.0.1:-1"
http: "127.0.0.1:{monitor}"
mqtt {{
  listen: "127.0.0.1:{mqtt}", ack_wait: "10s", max_ack_pending: {unacked}
  stream_replicas: {nodes}, consumer_replicas: {nodes}
}}
jetstream {{ store_dir: "store", sync_interval: "1s", max_memory_store: 64MB, max_file_store: 4GB }}
max_payload: 1MB
cluster {{ name: anban, listen: "127.0.0.1:{route}", routes: [{routes}] }}
include "accounts.conf"
"""


class Node:
    """One server of the cluster."""

    def __init__(self, folder: Path, number: int) -> None:
        self.folder, self.number = folder, number
        self.mqtt, self.monitor, self.route = free_port(), free_port(), free_port()
        self.process: subprocess.Popen[bytes] | None = None

    def write(self, nodes: Sequence[Node], accounts: Sequence[Account]) -> None:
        """Its configuration; every node knows every other."""
        self.folder.mkdir(parents=True)
        routes = ", ".join(f'"nats-route://127.0.0.1:{node.route}"' for node in nodes)
        text = _CONFIG.format(
            number=self.number,
            monitor=self.monitor,
            mqtt=self.mqtt,
            unacked=UNACKED,
            nodes=len(nodes),
            route=self.route,
            routes=routes,
        )
        (self.folder / "nats.conf").write_text(text)
        (self.folder / "accounts.conf").write_text(rendered(accounts))

    def start(self) -> None:
        """Start it; it joins the others by itself."""
        program = _program(identity.service_account())
        self.process = spawn([str(program), "-c", "nats.conf"], self.folder / "log", self.folder)

    def kill(self) -> None:
        """SIGKILL."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def ask(self, path: str) -> dict[str, Any]:
        """What its monitor says; nothing while it does not answer."""
        connection = HTTPConnection("127.0.0.1", self.monitor, timeout=2)
        with suppress(OSError, HTTPException, ValueError):
            connection.request("GET", path)
            return dict(json.loads(connection.getresponse().read()))
        return {}

    @property
    def well(self) -> bool:
        return self.ask("/healthz").get("status") == "ok"


class Cluster:
    """Three nodes below ``folder``. Use ``start`` and ``stop``."""

    def __init__(self, folder: Path, accounts: Sequence[Account]) -> None:
        self.nodes = [Node(folder / f"node{number}", number) for number in range(NODES)]
        for node in self.nodes:
            node.write(self.nodes, accounts)
        self._turn = 0

    def start(self) -> None:
        """Start all and wait until they agree."""
        for node in self.nodes:
            node.start()
        if not wait_for(lambda: all(node.well for node in self.nodes), START_S, 0.2):
            raise RuntimeError(f"the cluster does not form, see {self.nodes[0].folder.parent}/*/log")

    def stop(self) -> None:
        """End them in good order."""
        for node in self.nodes:
            if node.process is not None and node.alive:
                node.process.terminate()
        for node in self.nodes:
            if node.process is not None:
                node.process.wait(30)

    def port(self) -> int:
        """Where the next connection goes: the living nodes in turn, as a load balancer would."""
        alive = [node for node in self.nodes if node.alive] or self.nodes
        self._turn += 1
        return alive[self._turn % len(alive)].mqtt
