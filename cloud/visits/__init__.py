"""Visits: what is asked at the door, what it proves, and what it is worth to who made it."""
