"""Readings and events by time: their parts, roll-ups and end, on TimescaleDB and on plain PostgreSQL."""
