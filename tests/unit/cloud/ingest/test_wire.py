"""The connection below paho: full, cut, refused and encrypted, on real sockets."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from cloud.enrolment.authority import Authority, create
from cloud.ingest.wire import Wire, Wiring


@pytest.fixture
def ends() -> Iterator[tuple[Wire, socket.socket]]:
    """Ours and the broker's."""
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    theirs.settimeout(60)
    wire = Wire(ours)
    yield wire, theirs
    wire.close()
    theirs.close()


def test_what_the_other_end_does_not_take_waits_in_order(ends: tuple[Wire, socket.socket]) -> None:
    wire, theirs = ends
    said = [bytes([number]) * 50_000 for number in range(100)]
    assert [wire.send(part) for part in said] == [50_000] * 100
    assert not wire.flush()
    heard = bytearray()
    while len(heard) < 5_000_000:
        heard += theirs.recv(1 << 20)
        wire.flush()
    assert heard == b"".join(said)
    assert wire.flush()


def test_a_good_bye_is_sent_before_the_end(ends: tuple[Wire, socket.socket]) -> None:
    wire, theirs = ends
    wire.send(b"\xe0\x00")
    wire.close()
    assert theirs.recv(10) == b"\xe0\x00"
    assert theirs.recv(10) == b""


def test_what_came_before_the_end_is_read_first(ends: tuple[Wire, socket.socket]) -> None:
    wire, theirs = ends
    theirs.sendall(b"\xd0\x00\x32\x06\x00\x01a\x00\x05x\x30")
    theirs.close()
    with pytest.raises(BlockingIOError):
        wire.recv(1)  # only ``fill`` reads
    wire.fill()
    assert wire.take(10, 1_000) == []
    assert wire.recv(1) + wire.recv(1) == b"\xd0\x00"
    assert [one.mid for one in wire.take(10, 1_000)] == [5]
    wire.fill()
    assert wire.has_ended
    assert wire.recv(10) == b"\x30"  # the part of one that will never be whole
    assert wire.recv(10) == b""


def test_the_end_of_the_other_end_is_said_to_whoever_reads_and_sends(
    ends: tuple[Wire, socket.socket],
) -> None:
    wire, theirs = ends
    theirs.close()
    wire.send(b"lost")
    assert wire.flush()
    assert wire.has_ended
    with pytest.raises(BrokenPipeError):
        wire.recv(1)
    with pytest.raises(BrokenPipeError):
        wire.send(b"more")


def test_nothing_passes_once_it_is_shut(ends: tuple[Wire, socket.socket]) -> None:
    wire, theirs = ends
    wire.send(b"never said")
    wire.shut()
    assert wire.has_ended
    with pytest.raises(ConnectionAbortedError):
        wire.send(b"x")
    assert theirs.recv(10) == b""


def served(authority: Authority, folder: Path, hosts: list[str]) -> tuple[socket.socket, threading.Thread]:
    """A broker that lets one client in by TLS and sends it one message."""
    (folder / "server.pem").write_text(authority.certify_server(hosts))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listener.accept()
        connection.settimeout(60)
        try:
            with context.wrap_socket(connection, server_side=True) as secured:
                secured.recv(1_000)  # CONNECT
                secured.sendall(b"\x20\x02\x00\x00\x32\x06\x00\x01a\x00\x05x")
                secured.recv(1_000)  # until we leave
        except OSError:
            return  # it does not trust us

    thread = threading.Thread(target=serve)
    thread.start()
    return listener, thread


@pytest.mark.parametrize("hosts", [["127.0.0.1"], ["another.test"]])
def test_paho_connects_through_it_and_only_to_whom_it_trusts(tmp_path: Path, hosts: list[str]) -> None:
    authority = create()
    listener, thread = served(authority, tmp_path, hosts)
    client = Client(CallbackAPIVersion.VERSION2, "c", manual_ack=True)
    client.on_socket_register_write = lambda *_: None
    client.tls_set_context(cast("ssl.SSLContext", Wiring(ssl.create_default_context(cadata=authority.pem))))
    client.connect_async("127.0.0.1", listener.getsockname()[1])
    try:
        if hosts != ["127.0.0.1"]:
            with pytest.raises(ssl.SSLCertVerificationError):
                client.reconnect()
            return
        client.reconnect()
        wire = cast("Wire", client.socket())
        assert client.loop_write() == 0
        assert wire.flush()
        while not wire.holds_packet:
            wire.fill()
        assert client.loop_read() == 0
        assert client.is_connected()
        while not (messages := wire.take(10, 1_000)):
            wire.fill()
        assert [(one.topic, one.mid, one.payload) for one in messages] == [("a", 5, b"x")]
    finally:
        client.disconnect()
        client.loop_write()
        thread.join(60)
        listener.close()
