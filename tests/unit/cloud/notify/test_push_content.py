"""The seal of a push, against the standard's own example, and what is refused."""

from __future__ import annotations

from base64 import urlsafe_b64encode

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from cloud.notify.push_content import MOST_TEXT, RECORD, BadSubscription, Subscription, seal, unpadded
from tests.scenario.push_service import Browser

# RFC 8291, appendix A.
PLAIN = b"When I grow up, I want to be a watermelon"
OURS = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
THEIRS = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
AUTH = "BTBZMqHH6r4Tts7J_aSIgg"
SALT = "DGv6ra1nlYgDCS1FRnbzlw"
SEALED = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8w"
    "EqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)
TO = Subscription("https://push.example.net/push/JzLQ3raZJfFBR0aqvOMsLrt54w4rJUsV", THEIRS, AUTH)


def test_the_example_of_the_standard_comes_out_bit_by_bit() -> None:
    ours = ec.derive_private_key(int.from_bytes(unpadded(OURS)), ec.SECP256R1())
    sealed = seal(PLAIN, TO, ours=ours, salt=unpadded(SALT))
    assert urlsafe_b64encode(sealed).rstrip(b"=").decode() == SEALED


def test_no_two_seals_are_alike_and_the_longest_fits_a_record() -> None:
    browser = Browser()
    text = b"x" * MOST_TEXT
    one, two = (
        seal(text, browser.subscription("https://x/1")),
        seal(text, browser.subscription("https://x/1")),
    )
    assert one != two
    assert len(one) == RECORD
    assert browser.open(one) == browser.open(two) == text
    with pytest.raises(ValueError, match="more than"):
        seal(text + b"x", TO)


@pytest.mark.parametrize(
    ("p256dh", "auth"),
    [(THEIRS[:-4] + "AAAA", AUTH), ("BA" + "A" * 85, AUTH), ("", AUTH), (THEIRS, "AAAA"), ("!", AUTH)],
)
def test_keys_that_are_none_are_refused(p256dh: str, auth: str) -> None:
    with pytest.raises(BadSubscription):
        Subscription("https://x/1", p256dh, auth).check()


def test_an_address_holds_the_subscription_and_anything_else_is_none() -> None:
    assert Subscription.at(TO.address) == TO
    for wrong in ("webpush:", "webpush:AAAA", "nowhere", TO.address[:-8]):
        with pytest.raises(BadSubscription):
            Subscription.at(wrong)
