"""Indicators of a county: counted from what is stored, by month, frozen, and followed down to their rows."""
