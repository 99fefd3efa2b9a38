"""Visits as records: what was said at the door, when, by whom, and what shows it."""
