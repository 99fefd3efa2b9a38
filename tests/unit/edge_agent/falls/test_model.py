"""The model file: what it says, what it refuses, and that its judges are the ones that were fitted."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge_agent.falls import card
from edge_agent.falls.features import FEATURES
from edge_agent.falls.model import (
    MODELS,
    FallModel,
    ModelError,
    Position,
    digest,
    load_model,
    read_model,
    write_model,
)

NAN = float("nan")
POSITIONS: tuple[Position, ...] = ("waist", "wrist")


@pytest.mark.parametrize("position", POSITIONS)
def test_the_shipped_model_says_what_it_is(position: Position) -> None:
    model = load_model(position)
    assert model.position == position
    assert 0 < model.threshold < 1
    assert set(model.features) <= set(FEATURES)
    assert model.sources
    assert model.training["people"]


@pytest.mark.parametrize("position", POSITIONS)
def test_the_shipped_file_is_below_a_megabyte(position: Position) -> None:
    assert (MODELS / f"{position}.json").stat().st_size < 1_000_000


@pytest.mark.parametrize("position", POSITIONS)
def test_the_shipped_card_is_the_one_its_training_wrote(position: Position) -> None:
    assert (MODELS / f"{position}.md").read_text(encoding="utf-8") == card.text(load_model(position))


def test_a_model_says_the_calibrated_mean_of_its_judges() -> None:
    model = load_model("waist")
    rows = np.random.default_rng(3).normal(size=(40, len(model.features)))
    said = [model.forest.log_odds(rows), *(network.log_odds(rows) for network in model.networks)]
    columns = dict(zip(model.features, rows.T, strict=True))
    np.testing.assert_allclose(
        model.probability(columns), model.calibration.probability(np.mean(said, axis=0)), rtol=0, atol=1e-12
    )


def test_a_model_survives_being_written_and_read(tmp_path: Path) -> None:
    model = load_model("wrist")
    write_model(tmp_path / "copy.json", model)
    copy = read_model(tmp_path / "copy.json")
    rows = np.random.default_rng(2).normal(size=(50, len(model.features)))
    columns = dict(zip(model.features, rows.T, strict=True))
    assert copy.probability(columns).tolist() == model.probability(columns).tolist()
    assert (tmp_path / "copy.json").read_bytes() == (MODELS / "wrist.json").read_bytes()


def test_features_outside_the_training_range_are_counted() -> None:
    model = load_model("waist")
    columns = {name: np.array([low, low]) for name, low in zip(model.features, model.lowest, strict=True)}
    columns[model.features[0]] = np.array([model.highest[0] + 1, model.highest[0]])
    assert model.unusual(columns).tolist() == [1, 0]


def content() -> dict[str, Any]:
    return dict(json.loads((MODELS / "waist.json").read_text(encoding="utf-8")))


def save(path: Path, changed: dict[str, Any]) -> Path:
    path.write_text(json.dumps({**changed, "sha256": digest(changed)}), encoding="utf-8")
    return path


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"none\.json: No such file"):
        read_model(tmp_path / "none.json")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 1', "\x00\xff", "[" * 100_000])
def test_what_is_no_model_is_called_damaged(tmp_path: Path, text: str) -> None:
    (tmp_path / "bad.json").write_text(text, encoding="latin-1")
    with pytest.raises(ModelError, match="damaged"):
        read_model(tmp_path / "bad.json")


def test_a_file_of_another_layout_is_refused_by_its_number(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="layout version 3, this program reads 2"):
        read_model(save(tmp_path / "newer.json", {**content(), "format": 3}))


def test_a_flipped_digit_is_noticed(tmp_path: Path) -> None:
    text = (MODELS / "waist.json").read_text(encoding="utf-8")
    assert text.count('"threshold":0.') == 1
    (tmp_path / "flip.json").write_text(text.replace('"threshold":0.', '"threshold":0.0'), encoding="utf-8")
    with pytest.raises(ModelError, match="checksum"):
        read_model(tmp_path / "flip.json")


def test_a_file_that_ends_early_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "cut.json").write_bytes((MODELS / "waist.json").read_bytes()[:5000])
    with pytest.raises(ModelError, match="damaged"):
        read_model(tmp_path / "cut.json")


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "huge.json").open("wb") as file:
        file.truncate(100 * 1024 * 1024)
    with pytest.raises(ModelError, match="larger than"):
        read_model(tmp_path / "huge.json")


def _into_a_loop(changed: dict[str, Any]) -> None:
    changed["trees"]["left"][0] = changed["trees"]["right"][0] = 0
    changed["trees"]["left"][1] = 0


FAULTS: dict[str, Callable[[dict[str, Any]], object]] = {
    "position": lambda changed: changed.update(position="ankle"),
    "100 Hz": lambda changed: changed.update(rate_hz=100),
    "not known to this program: smell": lambda changed: changed["features"].__setitem__(0, "smell"),
    "one range for each": lambda changed: changed["lowest"].pop(),
    "threshold": lambda changed: changed.update(threshold=1.5),
    "threshold outside": lambda changed: changed.update(threshold=NAN),
    "number that is not finite": lambda changed: changed.update(baseline=NAN),
    "that is not finite": lambda changed: changed["highest"].__setitem__(3, NAN),
    "trees do not hold": lambda changed: changed["trees"]["split"].__setitem__(0, NAN),
    "the trees do not": lambda changed: changed["trees"]["value"].__setitem__(-1, NAN),
    "KeyError..features": lambda changed: changed.pop("features"),
    "damaged: ValueError": lambda changed: changed["lowest"].__setitem__(0, "low"),
    "unequal columns": lambda changed: changed["trees"]["value"].pop(),
    "no trees": lambda changed: changed["trees"].update(roots=[]),
    "KeyError": lambda changed: changed.pop("baseline"),
    "do not hold together": _into_a_loop,
    "turns the order round": lambda changed: changed["calibration"].update(slope=-1.0),
    "is not finite": lambda changed: changed["calibration"].update(offset=NAN),
    "a network with a number": lambda changed: changed["networks"][1]["biases"][0].__setitem__(0, NAN),
    "that it cannot have": lambda changed: changed["networks"][0]["spread"].__setitem__(2, 0.0),
    "layers of a network do not fit": lambda changed: changed["networks"][2]["biases"][1].pop(),
    "a network do not fit": lambda changed: changed["networks"][0].update(weights=[], biases=[]),
    "do not fit together": lambda changed: changed["networks"][0]["middle"].pop(),
    "ValueError": lambda changed: changed["networks"][0]["weights"][0].__setitem__(0, [1.0]),
}


@pytest.mark.parametrize("reason", FAULTS)
def test_a_well_signed_but_unusable_model_is_refused_with_its_reason(tmp_path: Path, reason: str) -> None:
    changed = content()
    FAULTS[reason](changed)
    with pytest.raises(ModelError, match=reason):
        read_model(save(tmp_path / "bad.json", changed))


def test_the_error_tells_the_file_and_the_reason() -> None:
    assert str(ModelError("a.json", "damaged")) == "fall model a.json: damaged"


def test_the_model_is_a_value(tmp_path: Path) -> None:
    model: FallModel = load_model("waist")
    with pytest.raises(AttributeError):
        model.threshold = 0.1  # type: ignore[misc]
