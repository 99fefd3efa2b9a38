"""Record Access Control Point, GATT characteristic 0x2A52: asking a device for what it has kept.

What this is: two requests and what their answers mean. What it is not: the records; a meter sends those as
notifications of its measurement before it answers. The one idea: the newest record is asked for first,
because whoever has just measured low may walk off with the meter while five hundred old ones are told.
"""

from __future__ import annotations

from typing import Final

from firmware_protocols.ble.uuids import full
from firmware_protocols.errors import Truncated, UnknownFormat

CHARACTERISTIC_UUID: Final = full(0x2A52)

# Op codes, operators and response values: Glucose Service 1.0.1, tables 3.10 to 3.13
_REPORT: Final = 1
_RESPONSE: Final = 6
_ALL: Final = 1
_LAST: Final = 6
_NULL: Final = 0
_SUCCESS: Final = 1
_NONE_FOUND: Final = 6

NEWEST: Final = bytes((_REPORT, _LAST))
"""Report the last record."""
ALL: Final = bytes((_REPORT, _ALL))
"""Report every stored record."""
_SIZE: Final = 4


def told(answer: bytes) -> bool:
    """Whether ``answer`` says that the records asked for were sent, or that there are none.

    Raises:
        Truncated: the answer is shorter than four bytes.
        UnknownFormat: it answers no request to report.
    """
    if len(answer) < _SIZE:
        raise Truncated(needed=_SIZE, got=len(answer))
    if (answer[0], answer[1], answer[2]) != (_RESPONSE, _NULL, _REPORT):
        raise UnknownFormat(f"answer {answer[:_SIZE].hex(' ')} is to no request for records")
    return answer[3] in {_SUCCESS, _NONE_FOUND}
