"""Named SQL: cut at the names, refused when ambiguous."""

from __future__ import annotations

import pytest

from cloud.db.queries import Queries, split


def test_statements_are_cut_at_their_names_and_keep_their_comments() -> None:
    text = "-- What this file is.\n\n-- one --\nselect 1;\n\n-- two --\n-- why\nselect 2\n"
    assert split(text) == {"one": "select 1;", "two": "-- why\nselect 2"}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("select 1;\n-- one --\nselect 2", "starts with"),
        ("-- a --\nselect 1\n-- a --\nselect 2", "named twice: a"),
    ],
)
def test_an_ambiguous_file_is_refused(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        split(text)


def test_the_statements_of_a_context_are_a_mapping() -> None:
    queries = Queries("cloud.ingest")
    assert "add_batches" in queries
    assert len(queries) == len(list(queries))
    with pytest.raises(KeyError):
        queries["no such statement"]
