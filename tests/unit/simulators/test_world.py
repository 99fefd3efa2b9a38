"""The made-up county: the same for the same seed, and accepted by the product as it is."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

from cloud.people import roster as people
from edge_agent import configuration
from edge_agent.falls import around, recordings
from firmware_protocols.model import DeviceId
from simulators import journey, papers, scenario, world
from simulators import recordings as played
from simulators.household import ACTIONS

WORLD = world.build(20, 3, seed=1)
PORTS = {"radar-bath": "/tmp/radar", "presence-living": "/tmp/presence"}
WIRING = papers.Wiring(Path("/tmp/x"), 1883, "tcp-client:127.0.0.1:1", PORTS)


def test_two_processes_compute_the_same_county() -> None:
    assert world.build(20, 3, seed=1) == WORLD
    assert world.build(20, 3, seed=2) != WORLD


def test_no_two_homes_share_a_gateway_a_secret_a_name_or_a_radio_address() -> None:
    addresses = [device.address for home in WORLD.homes for device in home.devices if device.address]
    for values in (
        [home.gateway for home in WORLD.homes],
        [home.secret for home in WORLD.homes],
        [home.resident for home in WORLD.homes],
        addresses,
    ):
        assert len(set(values)) == len(values)


def test_radio_addresses_are_static_random_ones() -> None:
    assert all(int(d.address[:2], 16) >> 6 == 0b11 for h in WORLD.homes for d in h.devices if d.address)


def test_homes_lie_in_the_county_town() -> None:
    assert all(27.5 < home.latitude < 27.6 and 109.9 < home.longitude < 110.05 for home in WORLD.homes)


def test_no_telephone_number_can_be_called() -> None:
    numbers = [home.phone for home in WORLD.homes] + [c.phone for home in WORLD.homes for c in home.contacts]
    assert all(number.startswith("+86000000") for number in numbers)


def test_every_role_signs_in_with_a_password_of_its_own() -> None:
    assert {each.role for each in WORLD.staff} == {"admin", "operator", "caseworker", "family", "evaluator"}
    assert len({each.password for each in WORLD.staff}) == len(WORLD.staff)


def test_the_cloud_accepts_the_roster(tmp_path: Path) -> None:
    file = tmp_path / "roster.json"
    file.write_text(papers.roster(WORLD, "json://127.0.0.1:9"), encoding="utf-8")
    assert len(people.read(file).homes) == 20
    assert json.loads(file.read_text("utf-8"))["homes"][0]["contacts"][0]["channels"] == [
        "json://127.0.0.1:9/h001/1"
    ]


def test_the_gateway_accepts_its_configuration() -> None:
    home = WORLD.whole[0]
    parsed = configuration.parse(tomllib.loads(papers.gateway(home, WIRING)))
    assert set(parsed.devices) == {device.name for device in home.devices}
    assert parsed.ble is not None
    assert {device.name for device in parsed.ble.device if device.connect} == {"wearable", "oximeter"}
    assert parsed.devices[DeviceId("pendant")].key == bytes.fromhex(home.device("pendant").bindkey)


def test_every_step_of_the_demonstration_can_happen() -> None:
    homes = {home.key: home for home in WORLD.whole}
    for step in scenario.read(scenario.DEMO):
        assert step.do in ACTIONS
        if "device" in step.arguments:
            homes[step.home].device(step.arguments["device"])
    assert [step.do for step in scenario.read(scenario.DEMO)] == ["press", "fall", "show"]
    assert scenario.read(scenario.DEMO)[-1].at_s < 120


def test_the_road_is_measured_from_the_last_sample_the_detector_needs() -> None:
    assert journey.WINDOW_AFTER == around.AFTER


def test_a_replay_and_a_training_speak_of_the_same_recordings() -> None:
    for name, chosen in played.SETS.items():
        trained = recordings.SETS[name]
        assert (chosen.stem, chosen.position, chosen.range_g) == (
            trained.stem,
            trained.position,
            trained.range_g,
        )
