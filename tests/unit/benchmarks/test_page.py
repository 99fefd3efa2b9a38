"""A table is written into its own part of a page, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.page import PageError, table, write_part

PAGE = """# Page
Before.

<!-- falls: written by x -->
old | figures
<!-- end of falls -->

After.
"""


def test_what_a_benchmark_measured_takes_the_place_of_what_it_measured_before(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(PAGE)
    for _ in range(2):
        write_part(page, "falls", table(("set", "SE"), [("WEDA", r"95 \1 %"), ("a|b", 1)]))
    assert page.read_text() == PAGE.replace(
        "old | figures", "| set | SE |\n| --- | --- |\n| WEDA | 95 \\1 % |\n| a/b | 1 |"
    )


@pytest.mark.parametrize("text", ["# Page\n", PAGE + PAGE, PAGE.replace("<!-- end of falls -->", "")])
def test_a_page_without_the_one_part_is_left_as_it_is_and_says_what_to_add(tmp_path: Path, text: str) -> None:
    page = tmp_path / "page.md"
    page.write_text(text)
    with pytest.raises(PageError, match="<!-- falls: written by"):
        write_part(page, "falls", ["new"])
    assert page.read_text() == text
