"""The motion window: Anban's own frame for a wearable accelerometer (``docs/protocols/motion.md``).

Bluetooth has no profile for raw acceleration, so this one is ours: a packet counter, what the numbers mean,
and N samples that fit one notification. The one idea: a sample travels as a fraction of the full scale, so
the frame says nothing of the sensor's own resolution and clipping shows as the largest number.
"""

from __future__ import annotations

import struct
from typing import Final

from firmware_protocols.codec import NO_SECURITY, Decoded, Frame, Security
from firmware_protocols.errors import Truncated, UnknownFormat
from firmware_protocols.model import MotionWindow

SERVICE_UUID: Final = "6c5b0001-61b5-4f0c-9d1a-2e7f3a9be1c4"
CHARACTERISTIC_UUID: Final = "6c5b0002-61b5-4f0c-9d1a-2e7f3a9be1c4"

VERSION: Final = 1
MAX_SAMPLES: Final = 29
"""The most that fit one notification at an ATT MTU of 185 (182 bytes of value); 25 are usual."""
RANGES_G: Final = range(1, 17)
"""Full scales; up to 16 g one step of the fraction is finer than 1 mg, so milli-g arrive unchanged."""
MIN_RATE_HZ: Final = 0.01
MAX_RATE_HZ: Final = 655.35
COUNTER_MODULUS: Final = 1 << 16

_HEADER: Final = struct.Struct("<BHHBB")  # version, counter, rate in 1/100 Hz, range in g, samples
_SAMPLE_SIZE: Final = 6
_RATE_UNITS_PER_HZ: Final = 100
_FULL_SCALE: Final = 1 << 15
_MG_PER_G: Final = 1000


def encode(window: MotionWindow) -> bytes:
    """Return the characteristic's value for ``window``; samples beyond the range are clipped to it.

    Raises:
        ValueError: rate, range, counter or the number of samples does not fit the frame.
    """
    if not (MIN_RATE_HZ <= window.rate_hz <= MAX_RATE_HZ and window.range_g in RANGES_G):
        raise ValueError(f"rate {window.rate_hz} Hz or range {window.range_g} g does not fit the frame")
    rate, range_g = round(window.rate_hz * _RATE_UNITS_PER_HZ), int(window.range_g)
    if not (0 <= window.counter < COUNTER_MODULUS and 1 <= len(window.samples_mg) <= MAX_SAMPLES):
        raise ValueError(f"counter {window.counter} or {len(window.samples_mg)} samples do not fit the frame")
    header = _HEADER.pack(VERSION, window.counter, rate, range_g, len(window.samples_mg))
    axes = [_fraction(mg, range_g) for sample in window.samples_mg for mg in sample]
    return header + struct.pack(f"<{len(axes)}h", *axes)


def decode(frame: Frame, security: Security = NO_SECURITY) -> Decoded:
    """Return the frame's ``MotionWindow``; its last sample is taken to be as old as the frame.

    Raises:
        Truncated: fewer samples than announced.
        UnknownFormat: another version, an impossible header, or bytes after the samples.
    """
    payload = frame.payload
    if payload and payload[0] != VERSION:
        raise UnknownFormat(f"motion frame version {payload[0]}, this codec reads {VERSION}")
    if len(payload) < _HEADER.size:
        raise Truncated(needed=_HEADER.size, got=len(payload))
    _, counter, rate, range_g, count = _HEADER.unpack_from(payload)
    if not (rate and range_g in RANGES_G and 1 <= count <= MAX_SAMPLES):
        raise UnknownFormat(f"motion header with rate {rate}, range {range_g} g, {count} samples")
    _check_length(payload, count)
    axes = struct.unpack_from(f"<{3 * count}h", payload, _HEADER.size)
    mg = [_milli_g(axis, range_g) for axis in axes]
    window = MotionWindow(
        device=frame.device,
        observed_at=frame.received_at,
        counter=counter,
        rate_hz=rate / _RATE_UNITS_PER_HZ,
        range_g=float(range_g),
        samples_mg=tuple(zip(mg[0::3], mg[1::3], mg[2::3], strict=True)),
    )
    return Decoded((window,))


def _check_length(payload: bytes, count: int) -> None:
    expected = _HEADER.size + count * _SAMPLE_SIZE
    if len(payload) < expected:
        raise Truncated(needed=expected, got=len(payload))
    if len(payload) > expected:
        raise UnknownFormat(f"{len(payload) - expected} bytes after the last motion sample")


def _fraction(mg: int, range_g: int) -> int:
    raw = round(mg * _FULL_SCALE / (range_g * _MG_PER_G))
    return max(-_FULL_SCALE, min(_FULL_SCALE - 1, raw))


def _milli_g(raw: int, range_g: int) -> int:
    return round(raw * range_g * _MG_PER_G / _FULL_SCALE)
