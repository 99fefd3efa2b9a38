"""The figures of routine as a page shows them, and kept between runs that each measure a part.

What this is: JSON in, Markdown out. What it is not: measuring. The one idea: what is not in the figures is
not in the page.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from benchmarks.page import table

Figures = Mapping[str, Any]
WAYS: Final = {
    "level_and_history": "level of activity and own label history",
    "label_history_only": "label history only",
    "event_count": "event count",
    "nightly_features": "nightly features",
    "nightly_features_and_history": "nightly features and label history",
    "random": "random",
}


def kept(figures: Figures, file: Path | None) -> Figures:
    """``figures`` beside those that ``file`` holds from earlier runs, which it holds from now on."""
    if file is None:
        return figures
    before = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    both = {**before, **{name: _joined(before.get(name), one) for name, one in figures.items()}}
    file.write_text(json.dumps(both, indent=2) + "\n", encoding="utf-8")
    return both


def _joined(before: Any, now: Any) -> Any:  # any JSON
    """Sizes of a growth are measured one by one; everything else is measured whole."""
    sized = isinstance(now, dict) and all(name.isdigit() for name in now)
    return {**before, **now} if sized and isinstance(before, dict) else now


def lines(figures: Figures) -> list[str]:
    """All parts that ``figures`` holds."""
    parts = {"r1": _r1, "r2": _r2, "r4": _r4, "weeks": _weeks, "growth": _growth, "road": _road}
    return [line for name, part in parts.items() if name in figures for line in (*part(figures[name]), "")][
        :-1
    ]


def _within(three: list[float]) -> str:
    return f"{three[0]:.3f} ({three[1]:.3f}-{three[2]:.3f})"


def _r1(told: Figures) -> list[str]:
    """R1."""
    budgets = list(told["budgets"].values())
    kinds, urgent = budgets[0]["recall_by_kind"], budgets[0]["hours_to_alert"]
    rows = [
        ["alerts a home-week really reached", *(_within(one["alerts_per_home_week"]) for one in budgets)],
        ["homes above the budget, the highest", *(_above(one) for one in budgets)],
        ["recall", *(_within(one["recall"]) for one in budgets)],
        ["recall, unfindable copies too", *(one["recall_with_unfindable_copies"] for one in budgets)],
        *([f"recall, {kind}", *(one["recall_by_kind"][kind] for one in budgets)] for kind in kinds),
        *([f"hours to alert, {kind}", *(_hours(one["hours_to_alert"][kind]) for one in budgets)]
          for kind in urgent),
    ]  # fmt: skip
    return [
        f"**R1, altered copies.** {told['homes']} TIHM homes, each unseen by its model, scale and thresholds;"
        f" {told['lived_days']} lived days, {told['copies']} copies. AUROC {_within(told['auroc'])}."
        " Intervals: 95 %, by drawing homes anew. Hours to alert: median, p90 (99: not found), share within"
        f" 4 h. {told['seconds']} s.",
        "",
        *table(["R1", *(f"budget {budget} a home-week" for budget in told["budgets"])], rows),
    ]


def _above(one: Figures) -> str:
    return f"{one['homes_above_budget']}, {one['highest_home']}"


def _hours(one: Figures) -> str:
    return f"{one['median']:.0f}, {one['p90']:.0f}, {one['within_4_h']}"


def _r2(told: Figures) -> list[str]:
    """R2."""
    gain = told["level_and_history_less_label_history"]
    rows = [[words, *(told[way][name] for name in ("se", "sp", "auc", "ap"))] for way, words in WAYS.items()]
    return [
        f"**R2, agitated days in homes that no model has seen**, week by week: {told['agitated']} of"
        f" {told['days']} days, {told['homes_with_labels']} homes have any. Gain of the first way over the"
        f" second: AUC {_within(gain['auc'])}, AP {_within(gain['ap'])}. {told['seconds']} s.",
        "",
        *table(["R2", "SE", "SP", "AUC", "AP"], rows),
    ]


def _r4(told: Figures) -> list[str]:
    """R4."""
    rows = [
        [length.replace("_", " "), one["runs"], one["exactly_one_technical"], one["behavioural"]]
        for length, one in told.items()
        if isinstance(one, dict)
    ]
    head = ["R4, all events taken away for", "homes", "exactly one technical", "behavioural"]
    return table(head, rows)


def _weeks(told: Figures) -> list[str]:
    """What no budget bounds."""
    rows = [
        [words, told[part]["home_weeks"], told[part]["a_home_week"], _kinds(told[part])]
        for part, words in (("first_week", "the rule of the first week"), ("trends", "trends"))
    ]
    return table(["without a budget", "home-weeks", "alerts a home-week", "by kind"], rows)


def _kinds(one: Figures) -> str:
    rates = [f"{kind} {rate}" for kind, rate in one.items() if kind not in {"home_weeks", "a_home_week"}]
    return ", ".join(rates) or "none"


def _growth(told: Figures) -> list[str]:
    """Processor seconds of the pure functions."""
    rows = [
        [homes, *(score[of] for of in ("read", "hour", "night")), *told["training_s"][homes].values()]
        for homes, score in told["scoring_s"].items()
    ]
    return table(
        ["homes, seconds of one core", "counting", "an hour", "a night", "training: examples", "fits"], rows
    )


def _road(told: Figures) -> list[str]:
    """Through the database."""
    names = ("seconds", "worker_cpu_s", "database_cpu_s")
    rows = [
        [homes, *(one.get(part, {}).get(name, "-") for part in ("hour", "night") for name in names)]
        for homes, one in told.items()
    ]
    head = ["homes, through the database", "an hour, s", "worker, cpu s", "database, cpu s"]
    return table([*head, "a night, s", "worker, cpu s", "database, cpu s"], rows)
