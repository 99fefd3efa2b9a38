"""The document of ``benchmarks.falls`` as a table, on a terminal or in docs/falls.md."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from benchmarks.page import table

BARS: Final[Mapping[str, tuple[float, float, float]]] = {
    "sisfall": (0.992, 0.996, 0.76),
    "wedafall": (0.940, 0.955, 12.5),
}
"""Sensitivity, specificity and false alarms per hour of untuned gradient boosting at 0.5, to be beaten."""
COLUMNS: Final = ("test", "sensitivity", "specificity", "false alarms / h", "AUC")


def rows(result: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """Every figure as the cells of one row, in the order of ``COLUMNS``."""
    for name, one in result["sets"].items():
        held = "one person out" if one["groups"] == one["people"] else f"{one['groups']} groups of people"
        yield _row(f"F1 {name}, {held}", one["F1"])
        yield _row(f"F1 {name}, threshold 0.5", one["F1 at 0.5"])
        yield _row(f"F1 {name}, older people alone", one["F1 older"])
        if "young to older" in one:
            yield _row(f"{name}, trained on the young, tried on the older", one["young to older"])
        for change, figures in one["F3"].items():
            yield _row(f"F3 {name}, streamed {change}", figures)
        if name in BARS:
            sensitivity, specificity, per_hour = BARS[name]
            yield f"{name}, to be beaten", f"{sensitivity:.3f}", f"{specificity:.3f}", f"{per_hour:g}", "–"
    for one in result["F2"]:
        way = f"{one['trained on']} ({one['worn at']}) → {one['tested on']} ({one['tested at']})"
        yield _row(f"F2 {way}", one["F2"])
        yield _row(f"F2 {way}, streamed", one["F3"])


def notes(result: Mapping[str, Any]) -> Iterator[str]:
    """What does not fit the table, a sentence each."""
    for name, one in result["sets"].items():
        heard = one["F3"]["as sent"]
        yield (
            f"{name}: a finding comes a median of {heard['latency_s_median']} s after the impact "
            f"(p95 {heard['latency_s_p95']} s); threshold {one['threshold']:g}."
        )
        calibration = one["calibration"]
        said = "; ".join(
            f"said {step['said']:.2f}, was {_cell(step['was'])} ({step['was']['of']})"
            for step in calibration["steps"]
        )
        yield f"{name}: Brier score {calibration['brier']:g}. Probabilities: {said}."
        yield f"{name}: one candidate costs {_cost(one['cost'])}."
    yield f"Added memory: {result['added_rss_mib']} MiB."
    took = ", ".join(f"{name} {one['processor_s']} s" for name, one in result["sets"].items())
    yield f"Time taken by F1 and F3: {took} of one processor. Seed {result['seed']}."


def lines(result: Mapping[str, Any]) -> Iterator[str]:
    """The document for a terminal."""
    all_rows = [COLUMNS, *rows(result)]
    widths = [max(len(row[column]) for row in all_rows) for column in range(len(COLUMNS))]
    for first, *rest in all_rows:
        right = (cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=True))
        yield "  ".join([first.ljust(widths[0]), *right])
    yield from notes(result)


def markdown(result: Mapping[str, Any]) -> Iterator[str]:
    """The document for docs/falls.md."""
    yield from table(COLUMNS, rows(result))
    yield ""
    yield from (f"- {note}" for note in notes(result))


def _row(label: str, figures: Mapping[str, Any]) -> tuple[str, ...]:
    per_hour = figures["false_alarms_per_hour"]
    auc = figures.get("auc")
    return (
        label,
        _cell(figures["sensitivity"]),
        _cell(figures["specificity"]),
        "–" if per_hour is None else f"{per_hour:g}",
        f"{auc:.5f}" if auc else "–",
    )


def _cell(value: Mapping[str, Any]) -> str:
    if value["value"] is None:
        return "–"
    low, high = value["ci95"]
    return f"{value['value']:.4f} [{low:.3f}, {high:.3f}]"


def _cost(cost: Mapping[str, float]) -> str:
    return (
        f"a median of {cost['features_ms_median']} ms for its numbers and {cost['trees_ms_median']} ms "
        f"for its judges (p95 of the whole {cost['whole_ms_p95']} ms), processor time"
    )
