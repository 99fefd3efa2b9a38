"""Functions over arrays that run as machine code where a compiler is installed. Pure.

What this is: numba's ``njit`` where numba is there (extra ``plan``), and the plain function where it is not.
What it is not: a second way to plan; both run the same lines and give the same plan for the same steps, one
a few hundred times faster. The one idea: code that is compiled stays code that can be read, stepped and
tested as Python.

What was compiled (20 s of processor) is kept beside the source, or where ``NUMBA_CACHE_DIR`` says; where
neither can be written, each process compiles for itself. numba looks for changes only in the file of the
function that Python calls, so a folder in there is named by what stands in all of them. Nothing is allocated
in them, so numba is told to count no references (``_nrt``), which made a move sixteen times slower.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from hashlib import sha256
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, TypeVar, cast

F = TypeVar("F", bound=Callable[..., object])

COMPILED: Final = find_spec("numba") is not None
"""Whether there is a compiler."""
_SOURCES: Final = (
    "compiled",
    "tables",
    "place",
    "price",
    "changes",
    "moves",
    "anneal",
    "strings",
)


@cache
def _numba() -> Any:
    """numba, told where to keep what it compiles."""
    numba: Any = import_module("numba")
    here = Path(__file__).parent
    texts = b"".join((here / f"{name}.py").read_bytes() for name in _SOURCES)
    folder = Path(numba.config.CACHE_DIR or here / "__pycache__")
    numba.config.CACHE_DIR = str(folder / f"plan-{sha256(texts).hexdigest()[:16]}")
    return numba


def _njit(function: F, **options: object) -> F:
    """``function`` for numba, whose own types know only some of its options."""
    numba: Any = _numba()
    return cast("F", numba.njit(function, nogil=True, error_model="numpy", _nrt=False, **options))


def entry(function: F) -> F:
    """``function``, compiled when Python first calls it, and kept for the next process."""
    if not COMPILED:
        return function
    try:
        return _njit(function, cache=True)
    except RuntimeError:  # numba says so where it has no folder to write to
        return _njit(function)


def compiled(function: F) -> F:
    """``function``, compiled when another compiled one calls it; Python cannot."""
    if not COMPILED:
        return function
    return _njit(function, no_cpython_wrapper=True, no_cfunc_wrapper=True)


def inlined(function: F) -> F:
    """``function``, compiled as a part of whoever calls it: passing many arrays takes longer than it does."""
    return _njit(function, inline="always") if COMPILED else function
