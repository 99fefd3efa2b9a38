"""Training of many homes side by side: joblib, on this machine or on a cluster.

What this is: the step from stored days to a model, with the part that grows by homes (their examples) spread
out. What it is not: the fit, which is a second for a hundred homes. The one idea: where the work runs is
joblib's back end, named in the settings; nothing here knows a cluster, and every back end gives the same
model.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import Final

import joblib
import numpy as np

from cloud.detect.routine.grid import SLOT_S, Ints, Place
from cloud.detect.routine.history import DayState, History
from cloud.detect.routine.model import RoutineModel
from cloud.detect.routine.train import FOLDS, Examples, examples, train

ALTERED_DAYS: Final = 10
"""D. Of one home: more of its days add less than more homes."""
FEWEST_HOMES: Final = 2 * FOLDS
"""D. Two homes in each fold, or a fold holds what one home does."""
LOCAL: Final = frozenset({"loky", "multiprocessing", "threading", "sequential"})
CLUSTERS: Final = ("dask", "ray")


@dataclass(eq=False)
class BackendError(Exception):
    """Training cannot run where the settings say; ``reason`` says why, and what to do."""

    backend: str
    reason: str

    def __str__(self) -> str:
        return f"back end {self.backend}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Backend:
    """``name``: one of ``LOCAL`` or ``CLUSTERS``. ``jobs``: processes or threads, -1 for one a core.
    ``address``: of a cluster's scheduler; empty: one of its own on this machine; ``answer_s``: how
    long it may take to answer.
    """

    name: str = "loky"
    jobs: int = -1
    address: str = ""
    answer_s: float = 5.0

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Inside, joblib works there.

        Raises:
            BackendError: there is no such back end, its package is not installed, or nobody answers.
        """
        if self.name not in {*LOCAL, *CLUSTERS}:
            raise BackendError(self.name, f"write one of {', '.join(sorted({*LOCAL, *CLUSTERS}))}")
        cluster = {"dask": self._dask, "ray": self._ray}.get(self.name, nullcontext)
        with cluster(), joblib.parallel_config(backend=self.name, n_jobs=self.jobs):
            yield

    @contextmanager
    def _dask(self) -> Iterator[None]:
        distributed = self._package("distributed")
        own = {"n_workers": self.jobs if self.jobs > 0 else None, "threads_per_worker": 1}
        where = {"address": self.address} if self.address else {**own, "dashboard_address": None}
        try:
            client = distributed.Client(**where, timeout=self.answer_s)
        except OSError as error:
            raise BackendError(self.name, f"no scheduler answers at {self.address}") from error
        with client:
            yield

    @contextmanager
    def _ray(self) -> Iterator[None]:
        ray, bridge = self._package("ray"), self._package("ray.util.joblib")
        try:
            ray.init(address=self.address or None)
        except ConnectionError as error:
            raise BackendError(self.name, f"no cluster answers at {self.address}") from error
        bridge.register_ray()
        try:
            yield
        finally:
            ray.shutdown()

    def _package(self, name: str) -> ModuleType:
        try:
            return import_module(name)
        except ImportError as error:
            raise BackendError(self.name, f"the package {name} is not installed here") from error


def lived(history: History) -> tuple[Ints, Ints]:
    """Seconds and places of all signs of ``history``, spread evenly over their quarters: what is altered."""
    slot, place = np.nonzero(history.counts.reshape(-1, len(Place)))
    times = history.counts.reshape(-1, len(Place))[slot, place].astype(np.int64)
    number = np.concatenate([np.arange(n) for n in times]) if len(times) else np.empty(0, dtype=np.int64)
    each = np.repeat(np.arange(len(times)), times)
    seconds = slot[each] * SLOT_S + (number * SLOT_S) // np.maximum(times[each], 1)
    order = np.argsort(seconds, kind="stable")
    return seconds[order], place[each][order]


def of_home(history: History, seed: int) -> Examples | None:
    """Examples of one home: its usual days, the last ten of them altered."""
    seconds, places = lived(history)
    usual = [day for day, state in enumerate(history.states) if state is DayState.USUAL]
    skip = frozenset(range(len(history.states))) - frozenset(usual[-ALTERED_DAYS:])
    return examples(history, seconds, places, skip, np.random.default_rng(seed))


def train_many(homes: Iterable[tuple[int, History]], backend: Backend) -> RoutineModel:
    """A model of ``homes`` (number and history), made on ``backend``; the number is the home's seed.

    Raises:
        BackendError: see ``Backend.opened``.
        ValueError: too few homes have enough days.
    """
    with backend.opened():
        made = joblib.Parallel()(joblib.delayed(of_home)(history, number) for number, history in homes)
    rows = [one for one in made if one is not None]
    if len(rows) < FEWEST_HOMES:
        raise ValueError(f"{len(rows)} homes have the days it takes; training needs {FEWEST_HOMES}")
    return train(rows)
