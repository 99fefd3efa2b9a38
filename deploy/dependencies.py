"""Says whether what we depend on may be used, and whether anything bad is known of it.

What this is: the licences of every installed package and of the screens' tools, against the table in
``pyproject.toml`` (``[tool.anban.licences]``), and the locked versions against an advisory service. What it
is not: a reason to fail where no such service can be reached; it then says so, because "not checked" is not
"clean".
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parents[1]
LOCK: Final = ROOT / "requirements" / "dev.lock"
SCREENS: Final = ROOT / "dashboards" / "web" / "node_modules"
SERVICES: Final = ("pypi", "osv")
"""Advisory services of pip-audit, the first that answers is taken."""
WAIT_S: Final = 120
_BOTH: Final = re.compile(r"\s+AND\s+|;|,", re.IGNORECASE)
_EITHER: Final = re.compile(r"\s+OR\s+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Allowed:
    """``licences``: names that anything may have. ``because``: package (or pattern) → why not."""

    licences: frozenset[str]
    because: Mapping[str, str]

    def fault(self, package: str, licence: str) -> str:
        """Why ``package`` may not be used; empty: it may."""
        if any(fnmatch(package, name) for name in self.because) or self._fits(licence):
            return ""
        return (
            f"{package}: {licence or 'no licence'} is not in [tool.anban.licences]; allow it or name a reason"
        )

    def _fits(self, licence: str) -> bool:
        bare = licence.strip().strip("()")
        return any(
            all(part.strip() in self.licences for part in _BOTH.split(choice))
            for choice in _EITHER.split(bare)
        )


@dataclass(slots=True)
class Advice:
    """What the advisory service said: how many packages it knew, which it did not, what is bad."""

    checked: int = 0
    unknown: list[str] = field(default_factory=list)
    bad: list[str] = field(default_factory=list)


def allowed(document: Mapping[str, Any]) -> Allowed:
    """The table of ``pyproject.toml``."""
    table = document["tool"]["anban"]["licences"]
    return Allowed(frozenset(table["allow"]), table["because"])


def advice(document: Mapping[str, Any]) -> Advice:
    """What pip-audit's answer says; a package it skipped was not checked."""
    said = Advice()
    for package in document["dependencies"]:
        if "skip_reason" in package:
            said.unknown.append(package["name"])
            continue
        said.checked += 1
        said.bad += [f"{package['name']} {package['version']}: {each['id']}" for each in package["vulns"]]
    return said


def licences() -> Iterator[tuple[str, str]]:
    """Every installed Python package and every npm package of the screens, with its licence."""
    command = (sys.executable, "-m", "piplicenses", "--from=mixed", "--format=json")
    for package in json.loads(subprocess.check_output(command, text=True)):
        yield package["Name"], package["License"]
    for file in sorted([*SCREENS.glob("*/package.json"), *SCREENS.glob("@*/*/package.json")]):
        package = json.loads(file.read_text(encoding="utf-8"))
        yield package["name"], str(package.get("license", ""))


def ask(service: str) -> Advice | None:
    """What ``service`` says of the locked versions; ``None``: it cannot be reached."""
    command = (
        sys.executable, "-m", "pip_audit", "--requirement", str(LOCK), "--require-hashes", "--disable-pip",
        "--vulnerability-service", service, "--format", "json", "--progress-spinner", "off", "--timeout", "5",
    )  # fmt: skip
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=WAIT_S, check=False)
        said = advice(json.loads(done.stdout))
    except (subprocess.TimeoutExpired, json.JSONDecodeError):
        return None
    return said if said.checked else None


def main() -> int:
    """Print what is wrong; 0: nothing that is known."""
    table = allowed(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8")))
    found = list(licences())
    faults = [fault for package, licence in found if (fault := table.fault(package, licence))]
    _say(f"licences: {len(found)} packages, {len(faults)} not allowed", faults)
    said = next((answer for service in SERVICES if (answer := ask(service))), None)
    if said is None:
        _say("advisories: not checked: no advisory service reachable", [])
        return int(bool(faults))
    _say(f"advisories: {said.checked} packages checked, {len(said.bad)} with known faults", said.bad)
    if said.unknown:
        _say(f"advisories: not checked, unknown there: {', '.join(said.unknown)}", [])
    return int(bool(faults or said.bad))


def _say(headline: str, lines: Sequence[str]) -> None:
    sys.stdout.write("\n  ".join((headline, *lines)) + "\n")


if __name__ == "__main__":
    sys.exit(main())
