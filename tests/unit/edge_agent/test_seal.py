"""Sensor keys in a configuration that shows none."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from edge_agent.__main__ import main
from edge_agent.configuration import SettingsError, load
from edge_agent.enrol import enrol
from edge_agent.seal import SealError, opened, seal_text, sealed
from tests.unit.edge_agent import office as offices
from tests.unit.edge_agent.test_enrol import NOW

KEY = "231d39c1d7cc1ab1aee224cd096db932"
ROOT = ec.generate_private_key(ec.SECP256R1())
CONFIG = """\
# our gateway at No. 7
[gateway]
data_dir = "{data}"
[[ble.device]]
address = "A4:C1:38:00:00:01"
name = "pendant"   # the red one
kind = "pendant"
bindkey = "{key}"
[[ble.device]]
address = "A4:C1:38:00:00:02"
name = "door"
bindkey = '{other}'
"""


def test_what_is_sealed_opens_with_the_same_key_only() -> None:
    text = sealed(ROOT, bytes.fromhex(KEY))
    assert KEY not in text
    assert opened(ROOT, text).hex() == KEY
    assert sealed(ROOT, bytes.fromhex(KEY)) != text
    with pytest.raises(SealError):
        opened(ec.generate_private_key(ec.SECP256R1()), text)


@pytest.mark.parametrize("place", [0, 20, 59])
def test_a_changed_character_is_noticed(place: int) -> None:
    text = sealed(ROOT, bytes.fromhex(KEY))
    at = len("sealed:") + place
    other = "A" if text[at] != "A" else "Q"
    with pytest.raises(SealError, match="not sealed on this gateway, or was changed"):
        opened(ROOT, text[:at] + other + text[at + 1 :])


def test_only_the_keys_change_in_the_file() -> None:
    text = CONFIG.format(data="/x", key=KEY, other=KEY.upper())
    done = seal_text(ROOT, text, [KEY])
    assert KEY not in done.lower()
    kept = [line for line in text.splitlines() if "bindkey" not in line]
    assert [line for line in done.splitlines() if "bindkey" not in line] == kept


def test_the_command_seals_a_file_that_loads_as_before(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, other = tmp_path / "edge.toml", KEY[::-1]
    file.write_text(CONFIG.format(data=tmp_path / "data", key=KEY, other=other))
    file.chmod(0o640)
    with offices.opened(tmp_path) as office:
        enrol(tmp_path / "data" / "identity", office.cloud, "CLAIM", NOW)
    before = load(file)
    assert main(["seal", "--config", str(file)]) == 0
    assert KEY in file.read_text(), "without --write it is only shown"
    assert main(["seal", "--config", str(file), "--write"]) == 0
    assert "2 keys sealed" in capsys.readouterr().err
    assert KEY not in file.read_text()
    assert load(file) == before
    assert file.stat().st_mode & 0o777 == 0o640
    assert main(["seal", "--config", str(file), "--write"]) == 0
    assert "0 keys sealed" in capsys.readouterr().err


def test_a_key_that_was_sealed_elsewhere_is_named(tmp_path: Path) -> None:
    file, foreign = tmp_path / "edge.toml", sealed(ROOT, bytes.fromhex(KEY))
    file.write_text(CONFIG.format(data=tmp_path / "data", key=foreign, other=KEY))
    with offices.opened(tmp_path) as office:
        enrol(tmp_path / "data" / "identity", office.cloud, "CLAIM", NOW)
    with pytest.raises(SettingsError, match="'pendant': its bindkey was not sealed on this gateway"):
        load(file)
