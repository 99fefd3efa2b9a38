"""Whom the services run as: nothing of the outside is opened for them."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from cloud.embedded.identity import Account, own, reachable, runnable, service_account, write_private

STRANGER = Account(64_999, 64_999)
OURSELVES = Account(os.geteuid(), os.getegid())


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """An installed program that only we can reach."""
    install = tmp_path / "private" / "install"
    (install / "bin").mkdir(parents=True)
    (tmp_path / "private").chmod(0o700)
    file = install / "bin" / "tool"
    file.write_text("#!/bin/sh\n")
    file.chmod(0o755)
    return file


def test_services_never_run_as_root() -> None:
    assert service_account().uid != 0


def test_a_folder_is_made_private(tmp_path: Path) -> None:
    folder = own(tmp_path / "a" / "b", OURSELVES)
    assert mode(folder) == 0o700


def test_a_private_file_is_replaced_as_a_whole_and_readable_by_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    for text in ("first", "second"):
        write_private(file, text, OURSELVES)
    assert (file.read_text(), mode(file)) == ("second", 0o600)
    assert list(tmp_path.iterdir()) == [file]


def test_a_program_behind_a_private_folder_cannot_be_reached_by_another_account(program: Path) -> None:
    assert reachable(Path("/bin/sh"), STRANGER)
    assert reachable(program, OURSELVES)
    assert not reachable(program, STRANGER)


def test_a_program_in_reach_is_run_where_it_is(program: Path, tmp_path: Path) -> None:
    assert runnable(program, program.parent.parent, "tool-1", OURSELVES, tmp_path / "store") == program


def test_a_program_out_of_reach_is_copied_once_with_all_it_needs(program: Path, tmp_path: Path) -> None:
    (program.parent.parent / "share").mkdir()
    store = tmp_path / "store"
    install = program.parent.parent
    twin = runnable(program, install, "tool-1", STRANGER, store)
    assert twin == store / "tool-1" / "bin" / "tool"
    assert (store / "tool-1" / "share").is_dir()
    program.write_text("changed")
    assert runnable(program, install, "tool-1", STRANGER, store).read_text() == "#!/bin/sh\n"
    assert runnable(program, install, "tool-2", STRANGER, store).read_text() == "changed"
    assert mode(tmp_path / "private") == 0o700, "nothing was opened"
