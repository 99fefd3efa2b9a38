"""Log lines for machines: one object a line, whatever is in them."""

from __future__ import annotations

import json
import logging
from typing import Any

from cloud.logs import JsonLines


def line(message: str, *arguments: object, error: BaseException | None = None) -> dict[str, Any]:
    told = (type(error), error, error.__traceback__) if error else None
    record = logging.LogRecord("cloud.x", logging.WARNING, "x.py", 1, message, arguments, told)
    written = JsonLines().format(record)
    assert "\n" not in written
    found: dict[str, Any] = json.loads(written)
    return found


def test_facts_are_keys_of_their_own() -> None:
    found = line("device silent device=%s since_s=%d", "pendant", 90)
    assert (found["device"], found["since_s"]) == ("pendant", "90")
    assert (found["level"], found["logger"]) == ("WARNING", "cloud.x")
    assert found["message"] == "device silent device=pendant since_s=90"
    assert found["at"].endswith("+00:00")


def test_a_fact_does_not_take_the_place_of_what_every_line_has() -> None:
    assert line("refused level=9 message=none logger=other")["level"] == "WARNING"


def test_several_lines_stay_one_and_chinese_stays_chinese() -> None:
    assert line("磁盘满 disk=%s", "一\n二")["message"] == "磁盘满 disk=一\n二"


def test_a_stack_goes_along() -> None:
    assert "ValueError: x" in line("failed", error=ValueError("x"))["error"]
