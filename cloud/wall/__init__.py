"""The wall of a centre: what everybody in the room may see.

``masks`` says what is left of a person (pure), ``board`` reads, ``routes`` streams. A screen on a wall is
read by whoever passes it, so it gets a device's token that opens this and nothing else (docs/adr/0079).
"""
