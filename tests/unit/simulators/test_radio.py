"""The virtual radio: whoever is told to end, ends."""

from __future__ import annotations

from simulators.radio import Radio
from tests.stopping import Endless


async def test_a_device_told_to_stop_in_the_moment_its_controller_answers_stops() -> None:
    peripheral = await Radio().device("belt", "C4:00:00:00:00:01")

    async def off_and_on_the_air() -> None:
        await peripheral.offer(0x180D)
        await peripheral.vanish()

    deaf = [turns for turns in range(120) if not await Endless(off_and_on_the_air).stops_after(turns)]
    assert deaf == []
