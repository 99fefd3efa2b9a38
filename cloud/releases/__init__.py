"""Releases of the gateways' program: kept, offered ring by ring, and stopped when gateways take them back."""
