"""The thirty situations that the platform must notice, and the usual false alarm of each."""
