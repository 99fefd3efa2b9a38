"""``anban/1``: what travels between home and cloud. See ``docs/protocols/wire.md``."""
