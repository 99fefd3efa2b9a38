"""Ten thousand bad sign-ins from as many addresses, and what an operator who is signed in feels of it.

``python -m benchmarks.bad_sign_ins [--count N] [--json]``: a whole cloud in a process of its own; the 95th
percentile of the operator's reading of the queue, before and during, and their ratio; what became of the
attempts; and how long the operator's own sign-in takes meanwhile, in a browser that is known.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import statistics
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any, Final

import httpx

from tests.harness import System, roster

PASSWORD: Final = "the right password"
OPERATOR: Final = {"username": "op1", "password": PASSWORD, "role": "operator", "name": "值班"}
ATTACKERS: Final = 32
QUIET_READS: Final = 100
GOOD: Final = {"username": "op1", "password": PASSWORD}


def _client(address: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=f"{address}/api/v1", headers={"X-Anban": "1"}, timeout=60)


async def _read(operator: httpx.AsyncClient) -> float:
    """How long reading the queue takes, ms."""
    begun = time.perf_counter()
    answer = await operator.get("/snapshot")
    answer.raise_for_status()
    return (time.perf_counter() - begun) * 1_000


async def _attack(address: str, numbers: itertools.count[int], count: int, seen: Counter[int]) -> None:
    """One of many who guess; a trusted proxy says where each comes from."""
    async with _client(address) as guesser:
        while (number := next(numbers)) < count:
            origin = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
            guess = {"username": "op1" if number % 2 else f"user{number}", "password": f"guess {number}"}
            answer = await guesser.post("/session", json=guess, headers={"X-Forwarded-For": origin})
            seen[answer.status_code] += 1


async def run(address: str, count: int) -> dict[str, Any]:
    """Attack the cloud at ``address`` while an operator works."""
    async with _client(address) as operator:
        (await operator.post("/session", json=GOOD)).raise_for_status()
        quiet = [await _read(operator) for _ in range(QUIET_READS)]
        seen: Counter[int] = Counter()
        numbers = itertools.count()
        begun = time.perf_counter()
        attack = asyncio.gather(*(_attack(address, numbers, count, seen) for _ in range(ATTACKERS)))
        during, entering = [], []
        while not attack.done():
            during.append(await _read(operator))
            if len(during) % 50 == 1:
                since = time.perf_counter()
                (await operator.post("/session", json=GOOD)).raise_for_status()
                entering.append(time.perf_counter() - since)
            await asyncio.sleep(0.1)
        await attack
    before, meanwhile = (statistics.quantiles(values, n=20)[-1] for values in (quiet, during))
    return {
        "attempts": count,
        "answers": {str(status): seen[status] for status in sorted(seen)},
        "attempts_per_s": count / (time.perf_counter() - begun),
        "quiet_p95_ms": before,
        "attacked_p95_ms": meanwhile,
        "ratio_of_p95": meanwhile / before,
        "own_sign_in_s": statistics.median(entering),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        System(Path(folder) / "data", roster(20, staff=[OPERATOR])).started() as system,
    ):
        found = asyncio.run(run(system.address, chosen.count))
    print(
        json.dumps(found) if chosen.json else "\n".join(f"{name:18} {value}" for name, value in found.items())
    )


if __name__ == "__main__":
    main()
