"""Numbers of people under keys: sealed, bound to whose they are, and readable again only with the key."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud import key_file, sealed
from cloud.sealed import NO_KEYS, Key, Keyring, SealError, keyring, parse
from cloud.settings import ConfigError, Settings

OLD = Key.of("k1", "aes", bytes(range(32)))
NEW = Key.of("k2", "aes", bytes(range(32, 64)))
RING = Keyring((OLD,))
PHONE = "+8613812345678"

contexts = st.sampled_from(
    [sealed.contact(1), sealed.contact(2), sealed.resident(1, "phone"), sealed.duty(1)]
)
texts = st.text(min_size=1, max_size=40).filter(lambda text: not text.startswith("~"))


@given(text=texts, context=contexts)
def test_what_is_sealed_opens_and_shows_nothing(text: str, context: str) -> None:
    value = RING.seal(text, context)
    assert value.startswith("~aes:k1:")
    assert RING.open(value, context) == text
    assert text not in value.removeprefix("~aes:k1:") or len(text) < 4


@given(text=texts, pair=st.permutations(range(4)))
def test_a_value_moved_to_another_home_or_column_does_not_open(text: str, pair: list[int]) -> None:
    where = [sealed.contact(1), sealed.contact(2), sealed.resident(1, "phone"), sealed.duty(1)]
    value = RING.seal(text, where[pair[0]])
    with pytest.raises(SealError, match="damaged, or of another home"):
        RING.open(value, where[pair[1]])


def test_equal_numbers_of_one_home_have_equal_seals_and_those_of_two_homes_do_not() -> None:
    """SQL copies them from the care circle to the ladder to the message, and compares them there."""
    seals = [RING.seal(PHONE, sealed.contact(home)) for home in (1, 1, 2)]
    assert (seals[0] == seals[1], seals[0] == seals[2]) == (True, False)
    assert RING.seal_address(f"sms:{PHONE}", sealed.contact(1)) == f"sms:{seals[0]}"


@pytest.mark.parametrize(
    "damage", [lambda v: v[:-4] + "AAA=", lambda v: v[:12], lambda v: v + "!", lambda v: "~"]
)
def test_a_damaged_value_does_not_open_and_is_not_quoted(damage: object) -> None:
    value = damage(RING.seal(PHONE, sealed.contact(1)))  # type: ignore[operator]
    with pytest.raises(SealError) as raised:
        RING.open(value, sealed.contact(1))
    assert value[8:] == "" or value[8:] not in str(raised.value)
    assert RING.shown(value, sealed.contact(1)) == ""


def test_an_older_key_still_opens_and_the_first_one_seals() -> None:
    rotated = Keyring((NEW, OLD))
    value = RING.seal(PHONE, sealed.contact(1))
    assert rotated.open(value, sealed.contact(1)) == PHONE
    assert rotated.seal(PHONE, sealed.contact(1)).startswith("~aes:k2:")
    assert RING.mark(PHONE) in rotated.marks(PHONE)
    with pytest.raises(SealError, match="sealed with key k2, which is not in the ring"):
        RING.open(rotated.seal(PHONE, sealed.contact(1)), sealed.contact(1))


def test_marks_of_equal_numbers_are_equal_and_tell_nothing_without_the_key() -> None:
    assert RING.mark(PHONE) == RING.mark(PHONE)
    assert RING.mark(PHONE) != Keyring((NEW,)).mark(PHONE)
    assert RING.mark("") is None


def test_only_addresses_that_name_a_person_are_sealed() -> None:
    for address in ("json://127.0.0.1:9000/x", "ntfy://host/topic"):
        assert RING.seal_address(address, sealed.contact(1)) == address
    value = RING.seal_address(f"sms:{PHONE}", sealed.contact(1))
    assert value.startswith("sms:~aes:k1:")
    assert RING.open_address(value, sealed.contact(1)) == f"sms:{PHONE}"


def test_without_keys_texts_stay_plain_and_plain_ones_are_read() -> None:
    assert NO_KEYS.seal(PHONE, sealed.contact(1)) == PHONE == RING.open(PHONE, sealed.contact(1))


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "holds no key"),
        ("k1 aes short", "line 1 is no key"),
        (f"k1 rot13 {'A' * 43}=", "line 1 is no key"),
        ("# a remark\n\nk1 aes !!!", "line 3 is no key"),
        (f"k1 aes {'A' * 43}=\n" * 2, "line 2 names key k1 again"),
    ],
)
def test_a_file_that_is_no_key_file_is_refused_without_quoting_it(text: str, fault: str) -> None:
    with pytest.raises(ValueError, match=fault) as raised:
        parse(text)
    assert "short" not in str(raised.value)


def test_the_first_start_makes_a_key_that_only_we_can_read(tmp_path: Path) -> None:
    settings = Settings(data=str(tmp_path))
    first = keyring(settings)
    file = tmp_path / "secrets" / "fields.keys"
    assert file.stat().st_mode & 0o777 == 0o600
    assert keyring(settings) == first
    file.chmod(0o604)
    with pytest.raises(ConfigError, match=r"keys\.file: .* can be read by every user \(mode 604\): chmod o="):
        keyring(settings)


def test_a_key_is_added_at_the_end_and_seals_only_once_it_is_used(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    assert [key_file.add(file), key_file.add(file)] == ["k1", "k2"]
    assert [key.id for key in parse(file.read_text()).keys] == ["k1", "k2"]
    key_file.use(file, "k2")
    assert [key.id for key in parse(file.read_text()).keys] == ["k2", "k1"]
    with pytest.raises(ConfigError, match="holds no key k9: k2, k1"):
        key_file.use(file, "k9")
    assert [entry.name for entry in tmp_path.iterdir()] == ["keys"]


def test_nonces_never_repeat_for_different_texts() -> None:
    values = {
        RING.seal(f"{number}", sealed.contact(home))[:24]
        for number, home in itertools.product(range(300), (1, 2))
    }
    assert len(values) == 600
