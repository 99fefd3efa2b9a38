"""The shapes that an answer on a visit form may have. Pure.

What this is: five small values that know what fits. What it is not: a question. The one idea: the steps of a
scale stand from best to worst, so that "worse than last time" needs no table of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

Answer = str | int | bool | tuple[str, ...]
LONGEST: Final = 1_000
"""Characters of a free text. D."""


@dataclass(frozen=True, slots=True)
class Scale:
    """One of ``steps``, the best first. ``worry``: from which step on somebody must look; ``None``: none."""

    steps: tuple[str, ...]
    worry: str | None = None

    def fits(self, answer: Answer) -> bool:
        """Whether ``answer`` is a step."""
        return answer in self.steps

    def worries(self, answer: Answer) -> bool:
        """Whether ``answer``, which fits, is one that somebody must look at."""
        return self.worry is not None and self.rank(answer) >= self.steps.index(self.worry)

    def rank(self, answer: Answer) -> int:
        """How far from the best."""
        return self.steps.index(str(answer))


@dataclass(frozen=True, slots=True)
class YesNo:
    """``worry``: the answer that somebody must look at; ``None``: neither."""

    worry: bool | None = None

    def fits(self, answer: Answer) -> bool:
        """Whether it is a yes or a no."""
        return isinstance(answer, bool)

    def worries(self, answer: Answer) -> bool:
        """See ``Scale``."""
        return answer is self.worry


@dataclass(frozen=True, slots=True)
class Count:
    """A whole number from 0 to ``most``. ``worry``: from how many on somebody must look."""

    most: int
    worry: int

    def fits(self, answer: Answer) -> bool:
        """Whether it is such a number."""
        return type(answer) is int and 0 <= answer <= self.most

    def worries(self, answer: Answer) -> bool:
        """See ``Scale``."""
        return isinstance(answer, int) and answer >= self.worry


@dataclass(frozen=True, slots=True)
class Several:
    """Any of ``options``, each once; also none."""

    options: tuple[str, ...]

    def fits(self, answer: Answer) -> bool:
        """Whether all of them are known and none is there twice."""
        return (
            isinstance(answer, tuple) and len(set(answer)) == len(answer) and set(answer) <= set(self.options)
        )

    def worries(self, answer: Answer) -> bool:
        """See ``Scale``: each need is somebody's to meet."""
        return bool(answer)


@dataclass(frozen=True, slots=True)
class Words:
    """Free text, not empty."""

    def fits(self, answer: Answer) -> bool:
        """Whether it is a text of a bearable length."""
        return isinstance(answer, str) and answer.strip() != "" and len(answer) <= LONGEST

    def worries(self, answer: Answer) -> bool:
        """Never: people read it."""
        return False


Shape = Scale | YesNo | Count | Several | Words
