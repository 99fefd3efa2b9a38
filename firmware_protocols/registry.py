"""Every codec and framer there is: one line each.

What this is: the tables that say which codec understands which frame. What it is not: discovery, or
anything with state. The one idea: adding a device is one file, one line here, one vector file, one page
(``docs/new-device.md``); ``tests/conformance/test_codecs.py`` runs over these tables.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from firmware_protocols.ble import (
    battery,
    blood_pressure,
    bthome,
    device_information,
    glucose,
    heart_rate,
    mibeacon,
    motion,
    pendant,
    pulse_oximeter,
    scale,
    thermometer,
)
from firmware_protocols.codec import Codec, Framer, PureCodec, Senders
from firmware_protocols.local import esphome, zigbee2mqtt
from firmware_protocols.serial import bed_mat, enocean, ld2410, ld2450, micradar, ti_mmwave, tinyframe

CODECS: Final[Mapping[str, Codec]] = {
    "bthome": PureCodec(bthome.decode),
    "mibeacon": PureCodec(mibeacon.decode),
    "pendant": PureCodec(pendant.decode),
    "heart_rate": PureCodec(heart_rate.decode),
    "pulse_oximeter_spot": PureCodec(pulse_oximeter.decode_spot),
    "pulse_oximeter_continuous": PureCodec(pulse_oximeter.decode_continuous),
    "blood_pressure": PureCodec(blood_pressure.decode),
    "thermometer": PureCodec(thermometer.decode),
    "glucose": PureCodec(glucose.decode),
    "scale": PureCodec(scale.decode),
    "battery": PureCodec(battery.decode),
    "device_maker": PureCodec(device_information.decode_maker),
    "device_model": PureCodec(device_information.decode_model),
    "device_serial": PureCodec(device_information.decode_serial),
    "device_firmware": PureCodec(device_information.decode_firmware),
    "motion": PureCodec(motion.decode),
    "micradar": PureCodec(micradar.decode),
    "mr60fda2": PureCodec(tinyframe.decode_mr60fda2),
    "mr60bha2": PureCodec(tinyframe.decode_mr60bha2),
    "ld6002": PureCodec(tinyframe.decode_ld6002),
    "ld6002c": PureCodec(tinyframe.decode_ld6002c),
    "ld2410": PureCodec(ld2410.decode),
    "ld2450": PureCodec(ld2450.decode),
    "zigbee2mqtt": PureCodec(zigbee2mqtt.decode),
    "zigbee2mqtt_valve": PureCodec(zigbee2mqtt.decode_valve),
    "esphome": PureCodec(esphome.decode),
    "ti_people_tracking": PureCodec(ti_mmwave.decode_people),
    "ti_vitals": PureCodec(ti_mmwave.decode_vitals),
    "enocean": PureCodec(enocean.decode),
    "bed_mat": PureCodec(bed_mat.decode),
}

ADVERTISEMENTS: Final[Mapping[str, str]] = {
    bthome.SERVICE_UUID: "bthome",
    mibeacon.SERVICE_UUID: "mibeacon",
    pendant.SERVICE_UUID: "pendant",
}
"""Service-data UUID (128-bit, lower case, as bleak spells it) to codec."""

CHARACTERISTICS: Final[Mapping[str, str]] = {
    heart_rate.CHARACTERISTIC_UUID: "heart_rate",
    pulse_oximeter.SPOT_UUID: "pulse_oximeter_spot",
    pulse_oximeter.CONTINUOUS_UUID: "pulse_oximeter_continuous",
    blood_pressure.CHARACTERISTIC_UUID: "blood_pressure",
    thermometer.CHARACTERISTIC_UUID: "thermometer",
    glucose.CHARACTERISTIC_UUID: "glucose",
    scale.CHARACTERISTIC_UUID: "scale",
    battery.CHARACTERISTIC_UUID: "battery",
    device_information.MAKER_UUID: "device_maker",
    device_information.MODEL_UUID: "device_model",
    device_information.SERIAL_UUID: "device_serial",
    device_information.FIRMWARE_UUID: "device_firmware",
    motion.CHARACTERISTIC_UUID: "motion",
}
"""GATT characteristic UUID (128-bit, lower case) to the codec of its notifications, or of what is read."""

FRAMERS: Final[Mapping[str, Callable[[], Framer]]] = {
    "micradar": micradar.framer,
    "mr60fda2": tinyframe.framer,
    "mr60bha2": tinyframe.framer,
    "ld6002": tinyframe.framer,
    "ld6002c": tinyframe.framer,
    "ld2410": ld2410.framer,
    "ld2450": ld2450.framer,
    "ti_people_tracking": ti_mmwave.framer,
    "ti_vitals": ti_mmwave.framer,
    "enocean": enocean.framer,
    "bed_mat": bed_mat.framer,
}
"""Serial codec to the factory of its framer: one framer per port."""

BAUDS: Final[Mapping[str, int]] = {
    "micradar": micradar.BAUD,
    "mr60fda2": tinyframe.BAUD,
    "mr60bha2": tinyframe.BAUD,
    "ld6002": tinyframe.LD6002_BAUD,
    "ld6002c": tinyframe.BAUD,
    "ld2410": ld2410.BAUD,
    "ld2450": ld2450.BAUD,
    "ti_people_tracking": ti_mmwave.BAUD,
    "ti_vitals": ti_mmwave.BAUD,
    "enocean": enocean.BAUD,
    "bed_mat": bed_mat.BAUD,
}
"""Serial codec to the rate at which its device speaks as it is sold, for lines that configure none."""

SUBJECTS: Final[Mapping[str, Callable[[Mapping[str, str]], Mapping[str, str]]]] = {
    "zigbee2mqtt": zigbee2mqtt.subjects,
    "zigbee2mqtt_valve": zigbee2mqtt.subjects,
    "esphome": esphome.subjects,
}
"""Codec of local MQTT messages to the function that says which subtopics of a device it reads.

Given the device's configured entities (mostly none), it returns subtopic (``""``: the device's own topic) to
subject (``local.message``), or raises ``ValueError`` with words for whoever wrote the configuration.
"""

SENDERS: Final[Mapping[str, Senders]] = {
    "enocean": Senders(enocean.sender, enocean.ADDRESS, "01825DAB"),
}
"""Serial codec of a line that carries many devices to how its frames name their sender."""

SHUT: Final[Mapping[str, tuple[str, bytes]]] = {
    "zigbee2mqtt_valve": ("set", zigbee2mqtt.encode_shut()),
}
"""Codec of a valve to the subtopic and payload that shut it."""
