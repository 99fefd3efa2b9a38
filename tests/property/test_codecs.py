"""Whatever a codec writes it reads back; whatever else it is given it refuses by the one agreed error."""

from __future__ import annotations

import pytest
from bleak.backends.device import BLEDevice
from bthome_ble import BTHomeBluetoothDeviceData, SensorUpdate
from habluetooth import BluetoothServiceInfoBleak
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_protocols.ble import (
    battery,
    blood_pressure,
    bthome,
    device_information,
    glucose,
    heart_rate,
    ieee11073,
    mibeacon,
    motion,
    pendant,
    pulse_oximeter,
    scale,
    thermometer,
)
from firmware_protocols.ble.blood_pressure import BloodPressure
from firmware_protocols.ble.device_information import Line
from firmware_protocols.ble.glucose import Glucose
from firmware_protocols.ble.heart_rate import HeartRate
from firmware_protocols.ble.mibeacon import Beacon
from firmware_protocols.ble.pulse_oximeter import Continuous, Spot
from firmware_protocols.ble.scale import Weight
from firmware_protocols.ble.thermometer import Temperature
from firmware_protocols.codec import Decoded, Frame, Security
from firmware_protocols.errors import DecodeError, Replayed, Unauthentic
from firmware_protocols.local import esphome, message, zigbee2mqtt
from firmware_protocols.model import Event, JsonValue, MotionWindow, Quality, Quantity, Reading
from firmware_protocols.ranges import RANGES
from firmware_protocols.registry import CODECS
from firmware_protocols.serial import ld2410, ld2450, micradar, tinyframe
from tests.property import frames
from tests.property.frames import ADDRESS, frame, same

VALUED = {Quality.GOOD, Quality.ESTIMATED}
STATES = {quantity for quantity in Quantity if quantity.unit == ""}


@pytest.mark.parametrize("name", CODECS)
@given(received=frames.frames, security=frames.securities)
@settings(deadline=None, max_examples=300)
def test_any_bytes_are_decoded_or_refused_and_nothing_else(
    name: str, received: Frame, security: Security
) -> None:
    try:
        decoded = CODECS[name].decode(received, security)
    except DecodeError:
        return
    assert isinstance(decoded, Decoded)
    for observation in decoded.observations:
        assert observation.device == received.device
        assert observation.observed_at <= received.received_at
        if isinstance(observation, Reading):
            assert (observation.value is None) == (observation.quality not in VALUED)
            wanted = bool if observation.quantity in STATES else float
            assert observation.value is None or type(observation.value) is wanted


@pytest.mark.parametrize("name", CODECS)
@given(first=frames.frames, second=frames.frames, security=frames.securities)
@settings(deadline=None)
def test_a_codec_remembers_nothing_of_the_frame_before(
    name: str, first: Frame, second: Frame, security: Security
) -> None:
    def outcome(received: Frame) -> object:
        try:
            return CODECS[name].decode(received, security)
        except DecodeError as error:
            return type(error), str(error)

    alone = outcome(second)
    outcome(first)
    assert outcome(second) == alone


# --- BTHome -------------------------------------------------------------------------------------------------


def _library(payload: bytes, key: bytes | None) -> tuple[BTHomeBluetoothDeviceData, SensorUpdate]:
    """A fresh parser of the BTHome project, and what it makes of one advertisement."""
    parser = BTHomeBluetoothDeviceData(key)
    update = parser.update(
        BluetoothServiceInfoBleak(
            name="",
            address=ADDRESS,
            rssi=-60,
            manufacturer_data={},
            service_data={bthome.SERVICE_UUID: payload},
            service_uuids=[],
            source="",
            device=BLEDevice(ADDRESS, None, None),
            advertisement=None,
            connectable=False,
            time=0.0,
            tx_power=None,
        )
    )
    return parser, update


def believed(meaning: bthome.Meaning, value: float) -> float | bool | None:
    """What is told of a value: nothing where its quantity cannot be so large or small."""
    told = meaning.convert(value)
    low, high = RANGES.get(meaning.quantity, (told, told))
    return told if isinstance(told, bool) or low <= told <= high else None


@given(objects=frames.bthome_objects(), packet_id=st.none() | frames.u8)
@settings(deadline=None)
def test_bthome_objects_come_back_in_order(
    objects: list[tuple[int, float | str]], packet_id: int | None
) -> None:
    decoded = CODECS["bthome"].decode(frame(bthome.encode(objects, packet_id=packet_id)))
    assert decoded.packet_id == packet_id
    assert decoded.counter is None
    meanings = {
        object_id: bthome.MEANINGS[object_id] for object_id, _ in objects if object_id in bthome.MEANINGS
    }
    expected = [
        value if object_id == bthome.BUTTON else believed(meanings[object_id], float(value))
        for object_id, value in objects
        if object_id == bthome.BUTTON or object_id in meanings
    ]
    got = [
        o.detail if isinstance(o, Event) else o.value
        for o in decoded.observations
        if not isinstance(o, MotionWindow)
    ]
    assert len(got) == len(expected)
    assert all(same(a, b) for a, b in zip(got, expected, strict=True))


@given(objects=frames.bthome_objects())
@settings(deadline=None)
def test_the_bthome_projects_own_parser_reads_the_same_values(objects: list[tuple[int, float | str]]) -> None:
    coarse = 0x58  # steps of 0.35 degrees, which that parser rounds to tenths
    payload = bthome.encode([item for item in objects if item[0] != coarse])
    ours = CODECS["bthome"].decode(frame(payload)).observations
    _, theirs = _library(payload, None)
    numbers = {
        round(value.native_value, 6)
        for value in theirs.entity_values.values()
        if isinstance(value.native_value, int | float)
    }
    states = [v.native_value for v in theirs.binary_entity_values.values()]
    presses = [event.event_type for event in theirs.events.values()]
    assert [o.detail for o in ours if isinstance(o, Event)] == presses
    for reading in (o for o in ours if isinstance(o, Reading)):
        if isinstance(reading.value, bool):
            assert reading.value in states
        elif reading.quantity is not Quantity.DISTANCE and reading.value is not None:
            assert round(reading.value, 6) in numbers


@given(objects=frames.bthome_objects(), key=frames.keys, counter=frames.u32)
@settings(deadline=None)
def test_an_encrypted_frame_opens_with_its_key_and_counter(
    objects: list[tuple[int, float | str]], key: bytes, counter: int
) -> None:
    plain = bthome.encode(objects, sleepy=True)
    sealed = bthome.encrypt(plain, key=key, address=ADDRESS, counter=counter)
    opened = CODECS["bthome"].decode(frame(sealed), Security(key=key, last_counter=counter - 1))
    assert opened == Decoded(CODECS["bthome"].decode(frame(plain)).observations, counter)
    if len(plain) > 2:  # the other parser wants at least two bytes of objects
        assert _library(sealed, key)[0].bindkey_verified
    with pytest.raises(Unauthentic):
        CODECS["bthome"].decode(frame(sealed), Security(key=key, last_counter=counter))


@given(objects=frames.bthome_objects(), key=frames.keys, at=st.integers(0), bit=st.integers(0, 7))
@settings(deadline=None)
def test_no_changed_bit_of_an_encrypted_frame_gets_through(
    objects: list[tuple[int, float | str]], key: bytes, at: int, bit: int
) -> None:
    plain = bthome.encode(objects)
    sealed = bytearray(bthome.encrypt(plain, key=key, address=ADDRESS, counter=7))
    sealed[at % len(sealed)] ^= 1 << bit
    with pytest.raises(DecodeError):
        CODECS["bthome"].decode(frame(bytes(sealed)), Security(key=key))


# --- MiBeacon, pendant --------------------------------------------------------------------------------------


@given(beacon=frames.beacons)
def test_a_mibeacon_header_comes_back(beacon: Beacon) -> None:
    assert mibeacon.parse(mibeacon.encode(beacon)) == beacon


@given(
    body=st.sampled_from([mibeacon.OPEN, mibeacon.CLOSED, mibeacon.LEFT_OPEN]),
    key=frames.keys,
    counter=frames.u8,
    extension=frames.u24,
)
def test_a_sealed_mibeacon_says_what_the_plain_one_says_and_only_once(
    body: int, key: bytes, counter: int, extension: int
) -> None:
    plain = Beacon(5, 0x098B, counter, body=mibeacon.encode_object(mibeacon.DOOR, bytes((body,))))
    sealed = mibeacon.encode(mibeacon.seal(plain, key=key, address=ADDRESS, extension=extension))
    opened = mibeacon.decode(frame(sealed), Security(key))
    assert opened.observations == mibeacon.decode(frame(mibeacon.encode(plain))).observations
    assert opened.counter == extension << 8 | counter
    with pytest.raises(Replayed):
        mibeacon.decode(frame(sealed), Security(key, last_counter=opened.counter))


@given(message=frames.messages)
def test_a_pendants_message_comes_back(message: pendant.Message) -> None:
    assert pendant.parse(pendant.encode(message)) == message


@given(message=frames.messages, key=frames.keys, counter=st.integers(255, pendant.MAX_COUNTER))
def test_a_pendants_frame_is_heard_with_its_key_once(
    message: pendant.Message, key: bytes, counter: int
) -> None:
    sealed = pendant.seal(message, key=key, address=ADDRESS, counter=counter)
    assert pendant.decode(frame(sealed), Security(key, last_counter=counter - 1)).counter == counter
    with pytest.raises(Replayed):
        pendant.decode(frame(sealed), Security(key, last_counter=counter))


@given(key=frames.keys, at=st.integers(0, pendant.FRAME_SIZE - 1), bit=st.integers(0, 7))
def test_no_changed_bit_of_a_pendants_frame_gets_through(key: bytes, at: int, bit: int) -> None:
    changed = bytearray(
        pendant.seal(pendant.Message(pendant.Call.PRESS), key=key, address=ADDRESS, counter=7)
    )
    changed[at] ^= 1 << bit
    with pytest.raises(DecodeError):
        pendant.decode(frame(bytes(changed)), Security(key))


# --- GATT ---------------------------------------------------------------------------------------------------


@given(measurement=frames.heart_rates)
def test_a_heart_rate_measurement_comes_back(measurement: HeartRate) -> None:
    assert heart_rate.parse(heart_rate.encode(measurement)) == measurement


@given(measurement=frames.heart_rates)
def test_a_heart_rate_is_told_only_of_a_sensor_that_may_be_worn(measurement: HeartRate) -> None:
    decoded = heart_rate.decode(frame(heart_rate.encode(measurement)))
    told = [o for o in decoded.observations if isinstance(o, Reading) and o.quantity is Quantity.HEART_RATE]
    assert len(told) == 1
    assert (told[0].value is not None) == (measurement.contact is not False and 0 < measurement.bpm <= 300)


@given(percent=st.integers(0, 100))
def test_a_battery_level_comes_back(percent: int) -> None:
    (reading,) = battery.decode(frame(battery.encode(percent))).observations
    assert isinstance(reading, Reading)
    assert reading.value == percent


@given(measurement=frames.blood_pressures)
def test_a_blood_pressure_comes_back(measurement: BloodPressure) -> None:
    assert blood_pressure.parse(blood_pressure.encode(measurement)) == measurement


@given(record=frames.glucoses)
def test_a_glucose_record_comes_back(record: Glucose) -> None:
    assert glucose.parse(glucose.encode(record)) == record


@given(measurement=frames.weights)
def test_a_weight_comes_back(measurement: Weight) -> None:
    assert scale.parse(scale.encode(measurement)) == measurement


@given(measurement=frames.temperatures)
def test_a_temperature_comes_back(measurement: Temperature) -> None:
    assert thermometer.parse(thermometer.encode(measurement)) == measurement


@given(line=frames.lines)
def test_a_line_about_a_device_comes_back(line: Line) -> None:
    assert device_information.parse(line.fact, device_information.encode(line)) == line


@given(spot=frames.spots)
def test_a_spot_check_comes_back(spot: Spot) -> None:
    assert pulse_oximeter.parse_spot(pulse_oximeter.encode_spot(spot)) == spot


@given(measurement=frames.continuouses)
def test_a_continuous_measurement_comes_back(measurement: Continuous) -> None:
    payload = pulse_oximeter.encode_continuous(measurement)
    assert pulse_oximeter.parse_continuous(payload) == measurement


@given(raw=frames.u16)
def test_every_sfloat_word_means_the_same_after_a_round_trip(raw: int) -> None:
    value = ieee11073.decode_sfloat(raw)
    assert ieee11073.decode_sfloat(ieee11073.encode_sfloat(value)) == value


@given(raw=frames.u32)
def test_every_float_word_means_the_same_after_a_round_trip(raw: int) -> None:
    value = ieee11073.decode_float(raw)
    assert ieee11073.decode_float(ieee11073.encode_float(value)) == value


@given(window=frames.motion_windows())
def test_a_motion_window_comes_back_to_the_milli_g(window: MotionWindow) -> None:
    payload = motion.encode(window)
    assert len(payload) <= 182
    assert motion.decode(frame(payload)).observations == (window,)


# --- MicRadar -----------------------------------------------------------------------------------------------


@given(
    percent=st.integers(0, 100),
    centimetres=st.integers(1, 2000),
    breaths=st.integers(1, 60),
    beats=st.integers(1, 250),
    reply=st.booleans(),
)
def test_a_radars_numbers_come_back(
    percent: int, centimetres: int, breaths: int, beats: int, reply: bool
) -> None:
    sent = {
        micradar.encode_body_movement(percent, reply=reply): (Quantity.BODY_MOVEMENT, percent),
        micradar.encode_distance(centimetres, reply=reply): (Quantity.DISTANCE, centimetres / 100),
        micradar.encode_breathing_rate(breaths, reply=reply): (Quantity.RESPIRATION_RATE, breaths),
        micradar.encode_heart_rate(beats, reply=reply): (Quantity.HEART_RATE, beats),
    }
    for payload, (quantity, value) in sent.items():
        (reading,) = micradar.decode(frame(payload)).observations
        assert isinstance(reading, Reading)
        assert (reading.quantity, reading.value) == (quantity, value)


@given(function=st.tuples(frames.u8, st.integers(0, 0x7F)), data=st.binary(max_size=64))
def test_a_radars_reply_says_what_its_report_says(function: tuple[int, int], data: bytes) -> None:
    def outcome(payload: bytes) -> object:
        try:
            return CODECS["micradar"].decode(frame(payload))
        except DecodeError as error:
            return type(error)

    report = micradar.encode(function, data)
    assert outcome(report) == outcome(micradar.encode(function, data, reply=True))


@given(at=st.integers(0, 9), change=st.integers(1, 255))
def test_no_changed_byte_of_a_fall_report_says_something_else_in_silence(at: int, change: int) -> None:
    damaged = bytearray(micradar.encode_fall(True))
    damaged[at] ^= change
    with pytest.raises(DecodeError):
        CODECS["micradar"].decode(frame(bytes(damaged)))


@given(report=frames.ld2410_reports, gates=st.integers(0, 8), extra=st.binary(max_size=4))
def test_an_ld2410_report_comes_back_basic_and_engineering(
    report: ld2410.Report, gates: int, extra: bytes
) -> None:
    assert ld2410.parse(ld2410.encode(report)) == report
    energies = bytes((gates, gates)) + bytes(2 * (gates + 1)) + extra
    assert ld2410.parse(ld2410.encode(report, gates=energies)) == report


@given(tracks=frames.ld2450_tracks)
def test_ld2450_tracks_come_back_with_their_signs(tracks: list[ld2450.Track]) -> None:
    assert list(ld2450.parse(ld2450.encode(tracks))) == tracks


@given(tracks=frames.ld2450_tracks)
def test_nobodys_place_leaves_an_ld2450(tracks: list[ld2450.Track]) -> None:
    """Mirrored or turned around the radar, the same people say the same."""
    mirrored = [ld2450.Track(-t.x_mm, t.y_mm, t.speed_cm_s, t.resolution_mm) for t in tracks]
    turned = [ld2450.Track(t.y_mm, t.x_mm, t.speed_cm_s, t.resolution_mm) for t in tracks]
    said = [ld2450.decode(frame(ld2450.encode(each))) for each in (tracks, mirrored, turned)]
    assert said[0] == said[1] == said[2]


@given(per_minute=st.floats(width=32))
def test_a_tinyframe_rate_is_a_number_in_its_limits_or_none(per_minute: float) -> None:
    for name in ("mr60bha2", "ld6002"):
        for written in (
            tinyframe.encode_heart_rate(per_minute),
            tinyframe.encode_breathing_rate(per_minute),
        ):
            (reading,) = CODECS[name].decode(frame(written)).observations
            assert isinstance(reading, Reading)
            assert reading.value is None or 1 <= reading.value <= tinyframe.HIGHEST_HEART


# --- local MQTT ---------------------------------------------------------------------------------------------


@given(properties=frames.zigbee_properties)
@settings(deadline=None, max_examples=300)
def test_any_properties_of_a_zigbee_device_are_read_or_refused(properties: dict[str, JsonValue]) -> None:
    received = frame(message.pack(zigbee2mqtt.STATE, zigbee2mqtt.encode_state(properties)))
    try:
        decoded = zigbee2mqtt.decode(received)
    except DecodeError:
        return
    pressed = [o for o in decoded.observations if isinstance(o, Event)]
    assert decoded.heard or not pressed
    assert all(o.observed_at == received.received_at for o in pressed)
    for reading in (o for o in decoded.observations if isinstance(o, Reading)):
        assert reading.observed_at <= received.received_at
        wanted = bool if reading.quantity in STATES else float
        assert reading.value is None or type(reading.value) is wanted


@given(
    states=st.dictionaries(st.sampled_from(sorted(zigbee2mqtt.STATES)), st.booleans()),
    action=st.none() | st.sampled_from(sorted(zigbee2mqtt.PRESSES)),
)
def test_a_zigbee_devices_states_and_presses_come_back(states: dict[str, bool], action: str | None) -> None:
    payload = zigbee2mqtt.encode_state({**states, "action": action, "linkquality": 90})
    told = zigbee2mqtt.decode(frame(message.pack(zigbee2mqtt.STATE, payload))).observations
    assert [o.detail for o in told if isinstance(o, Event)] == (
        [] if action is None else [zigbee2mqtt.PRESSES[action]]
    )
    assert {o.quantity: o.value for o in told if isinstance(o, Reading)} == {
        zigbee2mqtt.STATES[name].quantity: value is zigbee2mqtt.STATES[name].means
        for name, value in states.items()
    }


@given(on=st.booleans(), celsius=st.integers(-600, 1250), online=st.booleans())
def test_what_an_esphome_node_says_comes_back(on: bool, celsius: int, online: bool) -> None:
    sent = {
        "opening": (esphome.encode_state(on), Quantity.OPENING, on),
        "temperature": (esphome.encode_number(celsius / 10), Quantity.TEMPERATURE, celsius / 10),
        esphome.STATUS: (esphome.encode_status(online), Quantity.PROBLEM, not online),
    }
    for subject, (payload, quantity, value) in sent.items():
        (reading,) = esphome.decode(frame(message.pack(subject, payload))).observations
        assert isinstance(reading, Reading)
        assert reading.quantity is quantity
        assert same(reading.value, value)
