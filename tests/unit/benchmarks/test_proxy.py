"""The network that benchmarks hurt: a frozen one keeps every byte, a cut one tells both ends."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from benchmarks.proxy import Proxy


@pytest.fixture
def server() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(60)
        yield listener


@pytest.fixture
def proxy(server: socket.socket) -> Iterator[Proxy]:
    made = Proxy(lambda: int(server.getsockname()[1]))
    yield made
    made.close()


def connected(proxy: Proxy, server: socket.socket) -> tuple[socket.socket, socket.socket]:
    near = socket.create_connection(("127.0.0.1", proxy.port), 5)
    far, _ = server.accept()
    far.settimeout(60)
    return near, far


def test_bytes_pass_both_ways(proxy: Proxy, server: socket.socket) -> None:
    near, far = connected(proxy, server)
    with near, far:
        near.sendall(b"up")
        assert far.recv(10) == b"up"
        far.sendall(b"down")
        assert near.recv(10) == b"down"


def test_a_frozen_network_passes_nothing_and_loses_nothing(proxy: Proxy, server: socket.socket) -> None:
    near, far = connected(proxy, server)
    with near, far:
        near.sendall(b"a")
        assert far.recv(10) == b"a"
        proxy.freeze()
        far.settimeout(0.3)
        near.sendall(b"b")
        with pytest.raises(TimeoutError):
            far.recv(10)
        proxy.thaw()
        far.settimeout(60)
        assert far.recv(10) == b"b"


def test_a_cut_network_ends_connections_and_takes_none_until_it_is_mended(
    proxy: Proxy, server: socket.socket
) -> None:
    near, far = connected(proxy, server)
    with near, far:
        proxy.cut()
        assert near.recv(10) == b""
        assert far.recv(10) == b""
    with socket.create_connection(("127.0.0.1", proxy.port), 5) as refused:
        assert refused.recv(10) == b""
    proxy.mend()
    near, far = connected(proxy, server)
    with near, far:
        near.sendall(b"again")
        assert far.recv(10) == b"again"
