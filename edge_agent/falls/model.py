"""A trained fall model: a JSON file, and the mean of what its judges say.

What this is: loading, checking and asking a forest (``forest.py``) and a few networks (``network.py``) with
numpy alone. What it is not: training (``train.py``) or signal processing (``features.py``). The one idea:
each judge has one voice, and the mean of their log-odds is calibrated once.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Literal, cast

import numpy as np
from numpy.typing import NDArray

from edge_agent.falls.calibration import Calibration
from edge_agent.falls.candidates import RATE_HZ, Floats
from edge_agent.falls.features import FEATURES
from edge_agent.falls.forest import Forest
from edge_agent.falls.network import Network
from firmware_protocols.model import JsonValue

FORMAT: Final = 2
"""Number of the file layout; a file of another number is refused."""
Position = Literal["waist", "wrist"]
MODELS: Final = Path(__file__).parent / "models"
LARGEST_FILE: Final = 4 * 1024 * 1024


@dataclass(eq=False)
class ModelError(Exception):
    """A model file that must not be used: missing, damaged, or made for another version."""

    path: str
    reason: str

    def __str__(self) -> str:
        return f"fall model {self.path}: {self.reason}"


@dataclass(frozen=True, eq=False)
class FallModel:
    """What one trained file holds.

    ``threshold`` is the calibrated probability from which a peak counts as a fall. ``features`` are names out
    of ``features.FEATURES``, ``lowest`` and ``highest`` their range over the training data; outside it the
    model guesses. ``calibration`` is for the mean of the log-odds of the ``forest`` and of each of the
    ``networks``. ``range_g`` is the full scale of the sensors trained on, ``sources`` the data and their
    authors, ``training`` the figures that were measured when it was made.
    """

    version: str
    position: Position
    rate_hz: int
    range_g: float
    features: tuple[str, ...]
    lowest: tuple[float, ...]
    highest: tuple[float, ...]
    threshold: float
    calibration: Calibration
    forest: Forest
    networks: tuple[Network, ...]
    sources: tuple[str, ...]
    training: Mapping[str, JsonValue]

    def probability(self, columns: Mapping[str, Floats]) -> Floats:
        """Probability (0 to 1) that each peak is a fall, from what ``features.measure`` returns."""
        rows = np.column_stack([columns[name] for name in self.features])
        return self.calibration.probability(mean_log_odds(self.forest, self.networks, rows))

    def unusual(self, columns: Mapping[str, Floats]) -> NDArray[np.intp]:
        """How many features of each peak lie outside the training range."""
        low, high = self._bounds
        rows = np.column_stack([columns[name] for name in self.features])
        return cast("NDArray[np.intp]", ((rows < low) | (rows > high)).sum(axis=1))

    @cached_property
    def _bounds(self) -> tuple[Floats, Floats]:
        return np.array(self.lowest), np.array(self.highest)


def mean_log_odds(forest: Forest, networks: Sequence[Network], rows: Floats) -> Floats:
    """The mean of what the forest and each network say of ``rows`` (``(n, features)``)."""
    said = [forest.log_odds(rows), *(network.log_odds(rows) for network in networks)]
    mean: Floats = np.mean(said, axis=0)
    return mean


def load_model(position: Position) -> FallModel:
    """The shipped model for a sensor worn at ``position``; ModelError when the file is unfit."""
    return read_model(MODELS / f"{position}.json")


def read_model(path: Path) -> FallModel:
    """The model in the file ``path``; ModelError says what is wrong with it."""
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise ModelError(str(path), f"larger than {LARGEST_FILE} bytes")
        content = json.loads(path.read_bytes())
    except OSError as error:
        raise ModelError(str(path), error.strerror or "unreadable") from error
    except (ValueError, RecursionError) as error:
        raise ModelError(str(path), "damaged: not a JSON document") from error
    return _checked(str(path), content)


def write_model(path: Path, model: FallModel) -> None:
    """Write ``model`` to ``path``, whole or not at all."""
    content = _content(model)
    partial = path.with_suffix(".partial")
    partial.write_text(
        json.dumps({**content, "sha256": digest(content)}, ensure_ascii=False, separators=(",", ":")) + "\n",
        encoding="utf-8",
    )
    partial.replace(path)


def digest(content: Mapping[str, JsonValue]) -> str:
    """SHA-256 over the content without its own ``sha256``, in one canonical form."""
    body = {key: value for key, value in content.items() if key != "sha256"}
    return hashlib.sha256(json.dumps(body, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _content(model: FallModel) -> dict[str, JsonValue]:
    forest = model.forest
    return {
        "format": FORMAT,
        "version": model.version,
        "position": model.position,
        "rate_hz": model.rate_hz,
        "range_g": model.range_g,
        "features": model.features,
        "lowest": model.lowest,
        "highest": model.highest,
        "threshold": model.threshold,
        "sources": model.sources,
        "training": model.training,
        "calibration": {"slope": model.calibration.slope, "offset": model.calibration.offset},
        "baseline": forest.baseline,
        "networks": [
            {
                "middle": network.middle.tolist(),
                "spread": network.spread.tolist(),
                "weights": [layer.tolist() for layer in network.weights],
                "biases": [layer.tolist() for layer in network.biases],
            }
            for network in model.networks
        ],
        "trees": {
            "roots": forest.roots.tolist(),
            "feature": forest.feature.tolist(),
            "split": forest.split.tolist(),
            "left": forest.left.tolist(),
            "right": forest.right.tolist(),
            "value": forest.value.tolist(),
        },
    }


def _checked(path: str, content: Any) -> FallModel:
    if not isinstance(content, dict) or "format" not in content:
        raise ModelError(path, "damaged: not a fall model")
    if content["format"] != FORMAT:
        raise ModelError(path, f"layout version {content['format']!r}, this program reads {FORMAT}")
    if content.get("sha256") != digest(content):
        raise ModelError(path, "damaged: the checksum does not match the content")
    try:
        model = _model(content)
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(path, f"damaged: {error!r}") from error
    fault = _fault(model)
    if fault:
        raise ModelError(path, fault)
    return model


def _model(content: Mapping[str, Any]) -> FallModel:
    trees = content["trees"]
    return FallModel(
        version=str(content["version"]),
        position=content["position"],
        rate_hz=int(content["rate_hz"]),
        range_g=float(content["range_g"]),
        features=tuple(content["features"]),
        lowest=tuple(map(float, content["lowest"])),
        highest=tuple(map(float, content["highest"])),
        threshold=float(content["threshold"]),
        sources=tuple(content["sources"]),
        training=content["training"],
        calibration=Calibration(
            slope=float(content["calibration"]["slope"]), offset=float(content["calibration"]["offset"])
        ),
        forest=Forest(
            baseline=float(content["baseline"]),
            roots=_whole(trees["roots"]),
            feature=_whole(trees["feature"]),
            split=np.array(trees["split"], dtype=np.float64),
            left=_whole(trees["left"]),
            right=_whole(trees["right"]),
            value=np.array(trees["value"], dtype=np.float64),
        ),
        networks=tuple(_network(network) for network in content["networks"]),
    )


def _network(content: Mapping[str, Any]) -> Network:
    return Network(
        middle=np.array(content["middle"], dtype=np.float64),
        spread=np.array(content["spread"], dtype=np.float64),
        weights=tuple(np.array(layer, dtype=np.float64) for layer in content["weights"]),
        biases=tuple(np.array(layer, dtype=np.float64) for layer in content["biases"]),
    )


def _whole(values: Sequence[int]) -> NDArray[np.intp]:
    return np.array(values, dtype=np.intp)


def _fault(model: FallModel) -> str:
    """Why a well-formed file still cannot be used; empty when it can."""
    unknown = [name for name in model.features if name not in FEATURES]
    line = model.calibration
    faults = {
        f"position {model.position!r} is not known": model.position not in ("waist", "wrist"),
        f"rate {model.rate_hz} Hz, this program analyses at {RATE_HZ} Hz": model.rate_hz != RATE_HZ,
        f"features not known to this program: {', '.join(unknown)}": bool(unknown),
        "no features, or not one range for each": not (
            len(model.features) == len(model.lowest) == len(model.highest) > 0
        ),
        "threshold outside 0 to 1": not 0 < model.threshold < 1,
        "a number that is not finite": not np.isfinite(
            [model.forest.baseline, line.slope, line.offset, model.range_g, *model.lowest, *model.highest]
        ).all(),
        "a calibration that turns the order round": not line.slope > 0,
    }
    for reason, wrong in faults.items():
        if wrong:
            return reason
    count = len(model.features)
    found = [model.forest.fault(count), *(network.fault(count) for network in model.networks)]
    return next(filter(None, found), "")
