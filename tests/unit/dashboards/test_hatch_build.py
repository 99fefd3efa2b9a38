"""When the screens are built, with what, and what happens when that fails."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from hatchling.bridge.app import Application

from dashboards import hatch_build
from dashboards.hatch_build import STAMP, ScreensError, ScreensHook

DASHBOARDS = Path(hatch_build.__file__).parent


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A ``dashboards`` folder with sources and a finished build of them."""
    folder = tmp_path / "dashboards"
    (folder / "web" / "src").mkdir(parents=True)
    (folder / "i18n").mkdir()
    (folder / "static").mkdir()
    (folder / "web" / "src" / "main.ts").write_text("export {};")
    (folder / "i18n" / "en.json").write_text("{}")
    (folder / "static" / STAMP).write_text(hatch_build.digest(folder))
    return folder


def hook(root: Path) -> ScreensHook:
    return ScreensHook(str(root), {}, None, None, str(root), "wheel", Application())  # type: ignore[arg-type]


def test_a_build_of_these_very_sources_is_not_repeated(checkout: Path) -> None:
    shutil.rmtree(checkout / "web" / "src", ignore_errors=False)
    (checkout / "web" / "src").mkdir()
    (checkout / "web" / "src" / "main.ts").write_text("export {};")  # newer, but the same
    assert hatch_build.build(checkout) is False


def test_what_npm_installed_is_no_source(checkout: Path) -> None:
    before = hatch_build.digest(checkout)
    (checkout / "web" / "node_modules" / "x").mkdir(parents=True)
    (checkout / "web" / "node_modules" / "x" / "index.js").write_text("1")
    assert hatch_build.digest(checkout) == before


@pytest.mark.parametrize("change", ["edited", "renamed", "added", "translated"])
def test_any_change_of_a_source_changes_the_digest(checkout: Path, change: str) -> None:
    before = hatch_build.digest(checkout)
    source = checkout / "web" / "src" / "main.ts"
    match change:
        case "edited":
            source.write_text("export { };")
        case "renamed":
            source.rename(source.with_name("other.ts"))
        case "added":
            source.with_name("other.ts").write_text("")
        case _:
            (checkout / "i18n" / "en.json").write_text('{"a": "b"}')
    assert hatch_build.digest(checkout) != before


def test_a_failed_build_names_the_step_and_the_way_out_and_keeps_the_old_screens(checkout: Path) -> None:
    (checkout / "web" / "src" / "main.ts").write_text("export const changed = 1;")
    with pytest.raises(ScreensError, match=r"(?s)npm ci failed.*ANBAN_SKIP_SCREENS=1") as failure:
        hatch_build.build(checkout)  # there is no package.json
    assert failure.value.output
    assert (checkout / "static" / STAMP).is_file()


def test_the_hook_can_be_told_to_leave_the_screens_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(hatch_build.SKIP, "1")
    hook(tmp_path).initialize("standard", {})  # nothing is there to build: it must not try


def test_the_hook_builds_unless_told(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(hatch_build.SKIP, raising=False)
    (checkout / "i18n" / "en.json").write_text('{"a": "b"}')
    with pytest.raises(ScreensError):
        hook(checkout.parent).initialize("editable", {})


def test_compressed_files_are_the_same_on_every_run(tmp_path: Path) -> None:
    (tmp_path / "a.js").write_text("x" * 1_000)
    hatch_build.compress(tmp_path)
    first = (tmp_path / "a.js.gz").read_bytes()
    hatch_build.compress(tmp_path)
    assert (tmp_path / "a.js.gz").read_bytes() == first
    assert not (tmp_path / "a.js.gz.gz").exists()


class TestLockFile:
    """The lock must serve every machine: no registry's address, every platform's bindings, strong hashes."""

    text = (DASHBOARDS / "web" / "package-lock.json").read_text()
    packages = json.loads(text)["packages"]

    def test_it_names_no_host(self) -> None:
        """npm adds appeals for funding with their addresses: take the ``funding`` entries out again."""
        assert "://" not in self.text

    def test_every_package_is_pinned_by_sha512(self) -> None:
        weak = [
            name
            for name, entry in self.packages.items()
            if name and not entry.get("inBundle") and not entry.get("integrity", "").startswith("sha512-")
        ]
        assert weak == []

    @pytest.mark.parametrize(
        "machine", ["linux-x64-gnu", "linux-arm64-gnu", "linux-x64-musl", "linux-arm64-musl"]
    )
    @pytest.mark.parametrize("tool", ["@rolldown/binding", "lightningcss"])
    def test_native_bindings_are_listed_for_each_machine(self, tool: str, machine: str) -> None:
        assert f"node_modules/{tool}-{machine}" in self.packages

    def test_every_direct_dependency_is_pinned_exactly(self) -> None:
        manifest = json.loads((DASHBOARDS / "web" / "package.json").read_text())
        for version in (manifest["dependencies"] | manifest["devDependencies"]).values():
            assert re.fullmatch(r"\d+\.\d+\.\d+", version)
