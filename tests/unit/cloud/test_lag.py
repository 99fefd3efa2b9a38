"""What waits at the broker for ingest: by lane, once in a cluster, and not at all where it is not known."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from cloud import jetstream, lag
from cloud.metrics import REGISTRY
from cloud.settings import Broker, ConfigError, parse
from tests.unit.cloud.stream.console import until

ALARMS, READINGS, COMMANDS = (f"$MQTT.msgs.anban.1.{what}" for what in ("17.*.a", "17.*.t", "c.gw-a.>"))


def report(*consumers: tuple[str, str, int]) -> bytes:
    """What a server says of its consumers: name, filter, messages that wait."""
    told = [
        {"name": name, "num_pending": waiting, "config": {"filter_subject": subject}}
        for name, subject, waiting in consumers
    ]
    stream = {"name": "$MQTT_msgs", "consumer_detail": told}
    return json.dumps({"account_details": [{"name": "$G", "stream_detail": [stream]}]}).encode()


def told() -> Mapping[str, float]:
    (family,) = (one for one in REGISTRY.collect() if one.name == "anban_broker_lag_messages")
    return {sample.labels["lane"]: sample.value for sample in family.samples}


def test_what_waits_is_told_by_lane_and_gateways_commands_are_not_in_it() -> None:
    one = jetstream.read(report(("a", ALARMS, 2), ("t", READINGS, 40), ("c", COMMANDS, 7)))
    assert jetstream.merged([one]) == {"prompt": 2, "readings": 40}


def test_servers_of_one_cluster_tell_of_the_same_consumer_and_it_counts_once() -> None:
    leader, follower = (
        report(("a", ALARMS, 5), ("b", ALARMS, 1)),
        report(("a", ALARMS, 0), ("t", READINGS, 3)),
    )
    found = jetstream.merged([jetstream.read(leader), jetstream.read(follower)])
    assert found == {"prompt": 6, "readings": 3}


@pytest.mark.parametrize("answer", [b"", b"<html>", b"[]", b'{"account_details": 1}'])
def test_what_is_no_report_is_refused(answer: bytes) -> None:
    with pytest.raises(jetstream.ReportError):
        jetstream.read(answer)


@pytest.mark.parametrize("wrong", [["nats:8222"], ["$SYS", "http://nats:8222"], ["$sys"]])
def test_a_wrong_setting_is_named(wrong: list[str]) -> None:
    with pytest.raises(ConfigError, match="monitor"):
        parse({"broker": {"monitor": wrong}})


@contextmanager
def server(answers: list[bytes]) -> Iterator[str]:
    """A monitoring port that says one after the other, and the last for ever; ``b""`` is an error."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = answers.pop(0) if len(answers) > 1 else answers[0]
            self.send_response(200 if body and self.path == jetstream.PATH else 503)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as made:
        thread = Thread(target=made.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{made.server_port}"
        made.shutdown()
        thread.join()


async def test_a_nats_is_asked_for_ever_and_what_it_does_not_say_is_left_out(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(lag, "EVERY_S", 0.05)
    with ExitStack() as stack:
        dead = stack.enter_context(server([b""]))
        first = report(("a", ALARMS, 2))
        living = stack.enter_context(server([first] * 3 + [b""] * 3 + [report(("a", ALARMS, 9))]))
        async with lag.told(Broker(host="nats", port=1883, monitor=(dead, living))):
            await until(lambda: told() == {"prompt": 2, "readings": 0})
            await until(lambda: told() == {})
            await until(lambda: told() == {"prompt": 9, "readings": 0})
        assert told() == {}, "who stops knows no more"
    wrong = [record.getMessage() for record in caplog.records if record.name == "cloud.lag"]
    assert len(wrong) == 3, "each change is one line"
