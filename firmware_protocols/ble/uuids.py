"""How 16-bit Bluetooth UUIDs are spelt: the 128-bit lower-case form that every BLE stack reports."""

from __future__ import annotations


def full(short: int) -> str:
    """Return the 128-bit UUID of the assigned number ``short`` (Bluetooth Core 5.4, vol 3, part B, 2.5.1)."""
    return f"0000{short:04x}-0000-1000-8000-00805f9b34fb"
