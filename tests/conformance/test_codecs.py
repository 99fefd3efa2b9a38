"""What every codec owes, checked over the registry: a new line there is held to all of it at once."""

from __future__ import annotations

import inspect
import json
import pkgutil
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

import firmware_protocols.ble
import firmware_protocols.local
import firmware_protocols.serial
from firmware_protocols.ble import (
    battery,
    blood_pressure,
    device_information,
    glucose,
    heart_rate,
    motion,
    pendant,
    pulse_oximeter,
    scale,
    thermometer,
)
from firmware_protocols.codec import Frame, PureCodec
from firmware_protocols.errors import DecodeError
from firmware_protocols.local import message
from firmware_protocols.registry import ADVERTISEMENTS, BAUDS, CHARACTERISTICS, CODECS, FRAMERS, SUBJECTS
from tests.vectors import DEVICE, FOLDER, RECEIVED_AT, load

DOCS = Path(__file__).parents[2] / "docs" / "protocols"
PAGES = {
    **dict.fromkeys(("pulse_oximeter_spot", "pulse_oximeter_continuous"), "pulse_oximeter"),
    **dict.fromkeys(
        ("device_maker", "device_model", "device_serial", "device_firmware"), "device_information"
    ),
    **dict.fromkeys(("mr60fda2", "mr60bha2", "ld6002", "ld6002c"), "tinyframe"),
    **dict.fromkeys(("ti_people_tracking", "ti_vitals"), "ti_mmwave"),
    "zigbee2mqtt_valve": "zigbee2mqtt",
}
"""Codecs that share a page; every other has one of its own name."""
OURS_ALONE = {"motion", "pendant", "bed_mat"}
"""Formats that nobody else speaks, so that no frame from elsewhere can exist."""


def _module_of(name: str) -> ModuleType:
    codec = CODECS[name]
    assert isinstance(codec, PureCodec)
    return import_module(codec.function.__module__)


@pytest.mark.parametrize("name", CODECS)
def test_a_codec_has_golden_frames_understood_and_refused(name: str) -> None:
    vectors = load(name)
    assert any(vector.refused is None for vector in vectors)
    assert any(vector.refused is not None for vector in vectors)
    names = [vector.fields["name"] for vector in vectors]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("name", CODECS)
def test_each_golden_frame_says_who_made_it(name: str) -> None:
    assert all(vector.fields["origin"] for vector in load(name))
    assert json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))["note"]


@pytest.mark.parametrize("name", sorted(set(CODECS) - OURS_ALONE))
def test_a_golden_frame_that_is_understood_comes_from_somebody_else(name: str) -> None:
    assert any(not vector.ours and vector.refused is None for vector in load(name))


def test_every_vector_file_belongs_to_a_codec() -> None:
    assert {path.stem for path in FOLDER.glob("*.json")} == set(CODECS)


@pytest.mark.parametrize("name", CODECS)
def test_a_codec_has_a_page_that_names_its_module(name: str) -> None:
    page = (DOCS / f"{PAGES.get(name, name)}.md").read_text(encoding="utf-8")
    assert f"`{_module_of(name).__name__.replace('.', '/')}.py`" in page


@pytest.mark.parametrize("name", CODECS)
def test_a_codec_has_an_encoder_beside_it(name: str) -> None:
    module = _module_of(name)
    functions = [function for _, function in inspect.getmembers(module, inspect.isfunction)]
    own = [function for function in functions if function.__module__ == module.__name__]
    encoders = [function for function in own if function.__name__.startswith("encode")]
    assert encoders
    assert all(inspect.signature(encoder).return_annotation == "bytes" for encoder in encoders)


@pytest.mark.parametrize("name", CODECS)
@pytest.mark.parametrize("garbage", [b"", b"\xff" * 1000], ids=["nothing", "too much"])
def test_a_codec_refuses_garbage(name: str, garbage: bytes) -> None:
    with pytest.raises(DecodeError):
        CODECS[name].decode(Frame(load(name)[0].frame.device, garbage, RECEIVED_AT))


@pytest.mark.parametrize("name", CODECS)
def test_a_refused_frame_leaves_nothing_behind(name: str) -> None:
    """Each understood frame says the same alone and after every refused one."""
    codec, vectors = CODECS[name], load(name)
    for good in (vector for vector in vectors if vector.refused is None):
        alone = codec.decode(good.frame, good.security)
        for bad in (vector for vector in vectors if vector.refused is not None):
            with pytest.raises(DecodeError):
                codec.decode(bad.frame, bad.security)
        assert codec.decode(good.frame, good.security) == alone


@pytest.mark.parametrize("name", CODECS)
def test_a_codec_holds_nothing_but_its_function(name: str) -> None:
    codec = CODECS[name]
    assert isinstance(codec, PureCodec)
    assert inspect.isfunction(codec.function)
    assert codec.function.__closure__ is None
    with pytest.raises(AttributeError):
        codec.function = lambda frame, security: None  # type: ignore[misc,assignment,return-value]


def test_every_way_to_recognise_a_frame_leads_to_a_codec() -> None:
    recognised = [*ADVERTISEMENTS.values(), *CHARACTERISTICS.values(), *FRAMERS, *SUBJECTS]
    assert sorted(recognised) == sorted(CODECS)


def test_the_assigned_numbers_are_the_bluetooth_sigs() -> None:
    sig = "0000{}-0000-1000-8000-00805f9b34fb".format
    assert {uuid: name for uuid, name in ADVERTISEMENTS.items() if name not in OURS_ALONE} == {
        sig("fcd2"): "bthome",
        sig("fe95"): "mibeacon",
    }
    assert {uuid: name for uuid, name in CHARACTERISTICS.items() if name not in OURS_ALONE} == {
        sig("2a37"): "heart_rate",
        sig("2a5e"): "pulse_oximeter_spot",
        sig("2a5f"): "pulse_oximeter_continuous",
        sig("2a35"): "blood_pressure",
        sig("2a1c"): "thermometer",
        sig("2a18"): "glucose",
        sig("2a9d"): "scale",
        sig("2a19"): "battery",
        sig("2a29"): "device_maker",
        sig("2a24"): "device_model",
        sig("2a25"): "device_serial",
        sig("2a26"): "device_firmware",
    }
    services = {
        heart_rate: "180d",
        pulse_oximeter: "1822",
        blood_pressure: "1810",
        thermometer: "1809",
        glucose: "1808",
        scale: "181d",
        battery: "180f",
        device_information: "180a",
    }
    assert all(sig(number) == module.SERVICE_UUID for module, number in services.items())


def test_the_motion_page_names_the_uuids_that_the_codec_uses() -> None:
    page = (DOCS / "motion.md").read_text(encoding="utf-8")
    assert f"`{motion.SERVICE_UUID}`" in page
    assert f"`{motion.CHARACTERISTIC_UUID}`" in page


def test_the_pendant_page_names_the_uuid_that_the_codec_uses() -> None:
    assert f"`{pendant.SERVICE_UUID}`" in (DOCS / "pendant.md").read_text(encoding="utf-8")


def test_uuids_are_spelt_the_way_radios_report_them() -> None:
    for uuid in (*ADVERTISEMENTS, *CHARACTERISTICS):
        assert [len(part) for part in uuid.split("-")] == [8, 4, 4, 4, 12]
        assert uuid == uuid.lower()


def test_every_serial_codec_has_a_rate_of_its_own_that_its_page_names() -> None:
    assert set(BAUDS) == set(FRAMERS)
    for name, baud in BAUDS.items():
        page = (DOCS / f"{PAGES.get(name, name)}.md").read_text(encoding="utf-8")
        assert f"{baud:,}" in page, name


@pytest.mark.parametrize("name", FRAMERS)
def test_each_port_gets_a_framer_of_its_own(name: str) -> None:
    one, other = FRAMERS[name](), FRAMERS[name]()
    for vector in load(name):
        one.feed(vector.frame.payload)
    assert one.discarded > 0
    assert other.discarded == 0


@pytest.mark.parametrize("name", FRAMERS)
def test_a_framer_hands_over_exactly_the_frames_that_its_codec_can_open(name: str) -> None:
    whole = [vector for vector in load(name) if vector.refused not in {"BadChecksum", "Truncated"}]
    whole = [vector for vector in whole if vector.fields["name"] != "another head"]
    framer = FRAMERS[name]()
    stream = b"".join(vector.frame.payload for vector in whole)
    assert framer.feed(stream) == [vector.frame.payload for vector in whole]


ENTITIES = {"esphome": {"binary_sensor/a": "opening", "binary_sensor/b": "button", "sensor/c": "temperature"}}
"""What a device of a codec may be configured with; of every other: nothing."""


@pytest.mark.parametrize("name", SUBJECTS)
def test_a_local_codec_reads_every_subject_that_it_gives(name: str) -> None:
    """Whatever the payload: a subject it does not know would be refused by its name."""
    subjects = SUBJECTS[name](ENTITIES.get(name, {}))
    assert subjects
    for subject in subjects.values():
        with pytest.raises(DecodeError) as caught:
            CODECS[name].decode(Frame(DEVICE, message.pack(subject, b"\xff"), RECEIVED_AT))
        assert "subject" not in str(caught.value)


@pytest.mark.parametrize("name", SUBJECTS)
def test_the_subtopics_of_a_local_codec_hold_no_wildcard(name: str) -> None:
    for subtopic in SUBJECTS[name](ENTITIES.get(name, {})):
        assert not set("+#") & set(subtopic)
        assert not subtopic.startswith("/")


@pytest.mark.parametrize("name", SUBJECTS)
def test_a_local_codec_refuses_a_payload_beyond_the_bound(name: str) -> None:
    subject = next(iter(SUBJECTS[name](ENTITIES.get(name, {})).values()))
    with pytest.raises(DecodeError, match="at most 16384"):
        CODECS[name].decode(Frame(DEVICE, message.pack(subject, bytes(message.LARGEST + 1)), RECEIVED_AT))


def test_no_module_of_a_codec_is_left_out_of_the_registry() -> None:
    registered = {_module_of(name) for name in CODECS}
    for package in (firmware_protocols.ble, firmware_protocols.local, firmware_protocols.serial):
        for info in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            module = import_module(info.name)
            decoders = [
                n for n, _ in inspect.getmembers(module, inspect.isfunction) if n.split("_")[0] == "decode"
            ]
            takes_frames = [
                n for n in decoders if "frame" in inspect.signature(getattr(module, n)).parameters
            ]
            assert not takes_frames or module in registered, info.name
