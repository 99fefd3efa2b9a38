"""The guard: switches, keeps, goes back, installs what is signed, and may be killed between any two steps."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from edge_agent.update import environment
from edge_agent.update.environment import InstallError, User
from edge_agent.update.guard import AlarmOpenError, Guard, copy_checked
from edge_agent.update.places import Installed, Mark, Places, Record, Request, read, write
from edge_agent.update.trial import MOST_STARTS

OLD, NEW = "env-old", "env-new"
INSTALLED = Installed("r", "2.0.0", NEW, 7)
CHANGES = frozenset({"os.rename", "os.symlink", "os.remove"})
"""What the interpreter calls whatever changes a folder (its table of audit events)."""


@dataclass
class Scene:
    """A program's folder with two environments, the old one running, the new one installed."""

    folder: Path
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)

    def __post_init__(self) -> None:
        self.places = Places(self.folder / "program", self.folder / "asked", self.folder / "release.pub")
        for env in (OLD, NEW):
            (self.places.program / env).mkdir(parents=True)
        self.places.asked.mkdir()
        self.places.current.symlink_to(OLD)
        pem = self.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        self.places.key.write_bytes(pem)
        self.restarted = self.folder / "restarted"

    def guard(self, within_s: float = 300.0) -> Guard:
        return Guard(self.places, self.folder / "locks", within_s, f"touch {self.restarted}")

    @property
    def record(self) -> Record:
        found = read(Record, self.places.record)
        assert found is not None
        return found

    @property
    def links(self) -> tuple[str, str]:
        return self.places.current.resolve().name, self.places.trusted.resolve().name

    def begin(self) -> None:
        """The new version is installed, and the agent has left for it."""
        self.guard().start()
        write(self.places.record, Record(installed=INSTALLED))
        write(self.places.go, Mark("r"))

    def prove(self) -> None:
        write(self.places.committed, Mark("r"))

    def outcome(self) -> tuple[str, ...]:
        last = self.record.last
        return (*self.links, last.state if last else "", *self.record.refused)


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def test_a_version_is_kept_when_the_cloud_has_committed_a_batch_of_it(scene: Scene) -> None:
    scene.begin()
    scene.guard().start()
    assert scene.links == (NEW, OLD)
    scene.guard().look()
    assert scene.record.trial is not None
    scene.prove()
    scene.guard().look()
    assert scene.outcome() == (NEW, NEW, "kept")
    assert scene.record.serial == 7
    assert not scene.restarted.exists()


def test_a_version_out_of_time_is_taken_back_and_the_agent_started_anew(scene: Scene) -> None:
    scene.begin()
    scene.guard().start()
    scene.guard(within_s=0).look()
    assert (scene.links, scene.restarted.exists()) == ((OLD, OLD), True)
    scene.prove()  # too late
    scene.guard().start()
    assert scene.outcome() == (OLD, OLD, "back", "2.0.0")
    assert scene.record.refused == {"2.0.0": "nothing committed within 0 s"}


def test_a_version_that_ends_again_and_again_is_taken_back_at_a_start(scene: Scene) -> None:
    scene.begin()
    for _ in range(MOST_STARTS):
        scene.guard().start()
        assert scene.links == (NEW, OLD)
    scene.guard().start()
    assert scene.outcome() == (OLD, OLD, "back", "2.0.0")


def test_a_proof_of_another_trial_proves_nothing(scene: Scene) -> None:
    scene.begin()
    write(scene.places.committed, Mark("another"))
    scene.guard().start()
    scene.guard(within_s=0).look()
    assert scene.links == (OLD, OLD)


def test_without_the_agents_word_nothing_is_switched(scene: Scene) -> None:
    scene.begin()
    write(scene.places.go, Mark("an older request"))
    scene.guard().start()
    assert scene.links == (OLD, OLD)
    scene.places.go.unlink()
    scene.places.go.symlink_to("/etc/passwd")
    scene.guard().start()
    assert scene.links == (OLD, OLD)


def test_what_a_person_has_installed_is_on_trial_too(scene: Scene) -> None:
    scene.guard().start()
    scene.guard().switch(NEW, "2.0.0")
    scene.guard().start()
    assert scene.links == (NEW, OLD)
    scene.guard(within_s=0).look()
    scene.guard().start()
    assert scene.outcome() == (OLD, OLD, "back", "2.0.0")


def killed_after(changes: int, work: Callable[[], None]) -> bool:
    """Do ``work`` in a process of its own, killed before the next change to a folder after ``changes`` of
    them; whether it was.
    """
    child = os.fork()
    if not child:
        left = changes

        def count(event: str, _: tuple[object, ...]) -> None:
            nonlocal left
            if event in CHANGES:
                left -= 1
                if left < 0:
                    os.kill(os.getpid(), signal.SIGKILL)

        try:
            sys.addaudithook(count)
            work()
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


Step = Callable[[Scene], None]


def proved(scene: Scene) -> None:
    scene.prove()
    scene.guard().look()


def too_late(scene: Scene) -> None:
    scene.guard(within_s=0).look()


def back_again(scene: Scene) -> None:
    scene.guard(within_s=0).start()


@pytest.mark.parametrize(
    ("before", "killed", "outcome"),
    [
        ([], lambda s: s.guard().start(), (NEW, NEW, "kept")),
        ([], proved, (NEW, NEW, "kept")),
        ([lambda s: s.guard().start()], proved, (NEW, NEW, "kept")),
        ([lambda s: s.guard().start()], too_late, (OLD, OLD, "back", "2.0.0")),
        ([lambda s: s.guard().start(), too_late], lambda s: s.guard().start(), (OLD, OLD, "back", "2.0.0")),
    ],
    ids=["switching", "proving before the start", "keeping", "going back", "having gone back"],
)
def test_killed_between_any_two_changes_it_ends_where_it_would_have(
    tmp_path: Path, before: list[Step], killed: Step, outcome: tuple[str, ...]
) -> None:
    changes = 0
    while True:
        scene = Scene(tmp_path / str(changes))
        scene.begin()
        for step in before:
            step(scene)
        was_killed = killed_after(changes, partial(killed, scene))
        assert scene.links[0] in {OLD, NEW}, "whatever runs is whole"
        for step in (lambda s: s.guard().start(), proved) if outcome[2] == "kept" else (too_late, back_again):
            step(scene)
        assert scene.outcome() == outcome, f"killed before change {changes}"
        if not was_killed:
            break
        changes += 1
    assert changes


def asked(scene: Scene, document: bytes, signature: bytes | None = None) -> str:
    """Have the guard look at a request; what it says of it."""
    signature = scene.key.sign(document) if signature is None else signature
    write(scene.places.request, Request("q", "2.0.0", document, signature))
    write(scene.places.staged, Mark("q"))
    scene.guard().look()
    last = scene.record.last
    assert last is not None
    assert last.state == "failed"
    return last.reason


def document(serial: int = 7, version: str = "2.0.0", size: int = 3, sha256: str = "0" * 64) -> bytes:
    name = f"anban-{version}-py3-none-any.whl"
    file = f'{{"name":"{name}","size":{size},"sha256":"{sha256}"}}'
    return f'{{"version":"{version}","serial":{serial},"files":[{file}]}}'.encode()


def test_what_is_not_signed_by_our_key_is_not_installed(scene: Scene) -> None:
    stranger = Ed25519PrivateKey.generate()
    assert "not signed" in asked(scene, document(), stranger.sign(document()))


def test_an_old_release_handed_over_again_is_not_installed(scene: Scene) -> None:
    write(scene.places.record, Record(serial=8))
    assert "serial 7 is older than 8" in asked(scene, document())


def test_a_file_that_was_changed_after_the_agent_looked_is_not_installed(scene: Scene) -> None:
    scene.places.files.mkdir()
    (scene.places.files / "anban-2.0.0-py3-none-any.whl").write_bytes(b"bad")
    assert "is not the file of the release" in asked(scene, document())
    assert not (scene.places.program / "incoming").exists()


def test_a_name_that_leaves_its_folder_is_no_release(scene: Scene) -> None:
    hostile = document().replace(b"anban-2.0.0-py3-none-any.whl", b"../../etc/cron.d/x.whl")
    assert "not a release document" in asked(scene, hostile)


def test_a_release_too_large_for_the_disk_is_not_installed(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge_agent.update.guard._SPARE_BYTES", 2**60)
    assert "are free in" in asked(scene, document())


def test_only_a_plain_file_with_just_its_bytes_is_copied(tmp_path: Path) -> None:
    secret, link, pipe, target = tmp_path / "secret", tmp_path / "link", tmp_path / "pipe", tmp_path / "out"
    secret.write_bytes(b"abc")
    link.symlink_to(secret)
    os.mkfifo(pipe)
    good = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    copy_checked(secret, target, 3, good)
    for source, size in ((secret, 2), (secret, 4), (pipe, 3)):
        with pytest.raises(InstallError):
            copy_checked(source, target, size, good)
    with pytest.raises(OSError, match="symbolic links"):
        copy_checked(link, target, 3, good)


def test_by_hand_too_nothing_is_changed_while_an_alarm_is_open(scene: Scene) -> None:
    scene.guard().start()
    write(scene.places.alarm, Mark("open"))
    with pytest.raises(AlarmOpenError, match="an alarm of this home is open"):
        scene.guard().switch(NEW, "2.0.0")
    scene.guard().switch(NEW, "2.0.0", anyway=True)
    scene.guard().start()
    assert scene.links == (NEW, OLD)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes somebody else")
def test_a_new_program_is_tried_with_none_of_roots_groups() -> None:
    """What only they may read would be missing when the agent starts."""
    nobody = User(65_534, 65_534)
    environment._run(["/bin/sh", "-c", 'test "$(id -u) $(id -G)" = "65534 65534"'], 60, nobody)


def test_while_something_is_on_trial_a_mark_says_so(scene: Scene) -> None:
    scene.begin()
    scene.guard().start()
    assert scene.guard().on_trial.exists()
    scene.prove()
    scene.guard().look()
    assert not scene.guard().on_trial.exists()
