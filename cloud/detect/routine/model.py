"""A trained routine model: two tables of weights and a common scale, in one JSON file.

What this is: loading, checking and evaluating with numpy alone. What it is not: training (``train.py``). The
one idea: both models are linear, so every score is a sum of a few named numbers, which is its explanation.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from cloud.detect.routine import compare, pause
from cloud.detect.routine.findings import BEHAVIOUR
from cloud.detect.routine.grid import Floats

FORMAT: Final = 1
SHIPPED: Final = Path(__file__).parent / "models" / "routine.json"
LARGEST_FILE: Final = 1024 * 1024


@dataclass(eq=False)
class RoutineModelError(Exception):
    """A model file that must not be used; ``reason`` says why."""

    path: str
    reason: str

    def __str__(self) -> str:
        return f"routine model {self.path}: {self.reason}"


@dataclass(frozen=True, slots=True, eq=False)
class Linear:
    """Log odds of each kind against a usual day: ``(row - mean) / scale @ weights + bias``.

    ``weights`` is (features, kinds), ``middle`` and ``width`` bring the score to the common scale of both
    models: the median of usual days, and from there to their 95th percentile.
    """

    mean: Floats
    scale: Floats
    weights: Floats
    bias: Floats
    middle: float = 0.0
    width: float = 1.0

    def odds(self, rows: Floats) -> Floats:
        """(…, kinds) log odds of (…, features)."""
        odds: Floats = (rows - self.mean) / self.scale @ self.weights + self.bias
        return odds

    def score(self, rows: Floats) -> Floats:
        """Log odds that a row is of any kind at all."""
        total: Floats = np.logaddexp.reduce(self.odds(rows), axis=-1)
        return total

    def shares(self, row: Floats, kind: int) -> Floats:
        """What each feature adds to the log odds of ``kind``."""
        share: Floats = (row - self.mean) / self.scale * self.weights[:, kind]
        return share


@dataclass(frozen=True, slots=True, eq=False)
class RoutineModel:
    """``hour`` has one kind (an ominous pause), ``night`` the seven of ``findings.BEHAVIOUR``.

    ``thresholds`` are on the common scale, by alerts per home-week; ``training`` says how it was made.
    """

    hour: Linear
    night: Linear
    thresholds: Mapping[float, float]
    training: Mapping[str, float]


def write(path: Path, model: RoutineModel) -> None:
    """Write ``model`` to ``path``, whole or not at all."""
    content = _content(model)
    partial = path.with_suffix(".partial")
    text = json.dumps({**content, "sha256": _digest(content)}, separators=(",", ":"))
    partial.write_text(text + "\n", encoding="utf-8")
    partial.replace(path)


def load(path: Path = SHIPPED) -> RoutineModel:
    """The model in ``path``; RoutineModelError when it is missing, damaged or made for other features."""
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise RoutineModelError(str(path), f"larger than {LARGEST_FILE} bytes")
        content = json.loads(path.read_bytes())
    except OSError as error:
        raise RoutineModelError(str(path), error.strerror or "unreadable") from error
    except (ValueError, RecursionError) as error:
        raise RoutineModelError(str(path), "damaged: not a JSON document") from error
    return _checked(str(path), content)


def _checked(path: str, content: Any) -> RoutineModel:  # any JSON
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise RoutineModelError(path, f"not of format {FORMAT}: train it again")
    body = {key: value for key, value in content.items() if key != "sha256"}
    if content.get("sha256") != _digest(body):
        raise RoutineModelError(path, "damaged: its checksum is another one")
    if content["features"] != _features():
        raise RoutineModelError(path, "made for other features: train it again")
    thresholds = {float(rate): float(value) for rate, value in content["thresholds"].items()}
    return RoutineModel(_linear(content["hour"]), _linear(content["night"]), thresholds, content["training"])


def _features() -> dict[str, list[str]]:
    return {"hour": list(pause.FEATURES), "night": list(compare.FEATURES), "kinds": [*BEHAVIOUR]}


def _content(model: RoutineModel) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "features": _features(),
        "hour": _told(model.hour),
        "night": _told(model.night),
        "thresholds": {str(rate): value for rate, value in model.thresholds.items()},
        "training": dict(model.training),
    }


def _told(model: Linear) -> dict[str, Any]:
    arrays = {name: getattr(model, name) for name in ("mean", "scale", "weights", "bias")}
    told: dict[str, Any] = {name: np.round(array, 6).tolist() for name, array in arrays.items()}
    return {**told, "middle": round(model.middle, 6), "width": round(model.width, 6)}


def _linear(told: Mapping[str, Any]) -> Linear:
    mean, scale, weights, bias = (np.array(told[name]) for name in ("mean", "scale", "weights", "bias"))
    return Linear(mean, scale, weights, bias, middle=told["middle"], width=told["width"])


def _digest(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
