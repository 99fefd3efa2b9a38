"""Enrolment over HTTP, as an administrator and a gateway see it."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from cloud.db import Connection, Pool
from cloud.embedded.accounts import certified_name
from cloud.enrolment.claims import VALID
from cloud.enrolment.judge import AGAIN_WITHIN
from cloud.enrolment.store import certified_accounts, renewal
from cloud.settings import Broker, Enrolment, Settings
from cloud.throttle import MAX_ATTEMPTS
from cloud.web import create_app
from tests.unit.cloud.conftest import Site, TurnedClock
from tests.unit.cloud.town import Town

YEAR = timedelta(days=365)


@pytest.fixture
async def office(pool: Pool, api_pool: Pool, town: Town, tmp_path: Path) -> AsyncIterator[Site]:
    """The town's cloud, at which gateways may enrol."""
    settings = Settings(
        data=str(tmp_path), broker=Broker(host="127.0.0.1", port=8883), enrolment=Enrolment(host="mq.test")
    )
    clock = TurnedClock()
    made = Site(create_app(settings, api_pool, pool, clock=clock), clock, town)
    yield made
    for client in made.clients:
        await client.aclose()


class Machine:
    """A gateway with a key."""

    def __init__(self, office: Site, address: str = "192.0.2.50") -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.csr = request_for(self.key)
        self.browser = office.browser(address)

    async def enrol(self, claim: str, **more: Any) -> httpx.Response:
        return await self.browser.post("/enrolments", json={"claim": claim, "csr": self.csr, **more})

    async def renew(self, certificate: str, new: Machine, *, signed: str = "") -> httpx.Response:
        """Ask for a certificate for ``new``'s key with ours; ``signed``: what is signed instead."""
        signature = self.key.sign(renewal(signed or new.csr), ec.ECDSA(hashes.SHA256()))
        body = {
            "serial": serial(certificate), "csr": new.csr, "signature": base64.b64encode(signature).decode()
        }  # fmt: skip
        return await self.browser.post("/enrolments/renew", json=body)


def request_for(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey, name: str = "gw-somebody") -> str:
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    builder = x509.CertificateSigningRequestBuilder().subject_name(subject)
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()


def serial(certificate: str) -> str:
    return f"{x509.load_pem_x509_certificate(certificate.encode()).serial_number:x}"


async def signed_in(office: Site) -> httpx.AsyncClient:
    """An administrator's browser, signed in once (a password is slow to check on purpose)."""
    state = office.app.state
    if not hasattr(state, "admin"):
        state.admin = await office.signed_in("admin")
    browser: httpx.AsyncClient = state.admin
    return browser


async def draw(office: Site, **more: Any) -> dict[str, Any]:
    """A claim for the home ``yellow``, whose gateway is ``gw-yellow``."""
    admin = await signed_in(office)
    answer = await admin.post("/claims", json={"home_id": office.town.yellow, **more})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def enrolled(office: Site) -> tuple[Machine, str]:
    """An enrolled machine and its certificate."""
    machine = Machine(office)
    answer = await machine.enrol((await draw(office))["code"])
    assert answer.status_code == 200, answer.text
    return machine, answer.json()["certificate"]


async def users(office: Site) -> list[str]:
    """Who may sign in to the broker now."""
    parts = office.app.state.parts
    async with parts.service.connection() as conn:
        return [account.user for account in await certified_accounts(conn, office.clock.now)]


async def test_a_claim_gives_a_certificate_for_its_gateway_whatever_the_request_says(office: Site) -> None:
    machine, certificate = await enrolled(office)
    parsed = x509.load_pem_x509_certificate(certificate.encode())
    assert parsed.subject.rfc4514_string() == "CN=gw-yellow"
    assert parsed.public_key() == machine.key.public_key()
    assert parsed.not_valid_after_utc == office.clock.now + YEAR
    assert await users(office) == [certified_name("gw-yellow", serial(certificate))]


async def test_the_answer_says_where_the_broker_is_and_who_vouches_for_it(
    office: Site, tmp_path: Path
) -> None:
    answer = (await Machine(office).enrol((await draw(office))["code"])).json()
    assert (answer["gateway_id"], answer["shard"]) == ("gw-yellow", 1)
    assert (answer["broker"]["host"], answer["broker"]["port"]) == ("mq.test", 8883)
    authority = x509.load_pem_x509_certificate(answer["broker"]["authority"].encode())
    x509.load_pem_x509_certificate(answer["certificate"].encode()).verify_directly_issued_by(authority)


async def test_a_lost_answer_does_not_burn_the_claim(office: Site) -> None:
    machine, code = Machine(office), (await draw(office))["code"]
    first = await machine.enrol(code)
    office.clock.turn(AGAIN_WITHIN)
    assert (await machine.enrol(code)).json() == first.json()
    office.clock.turn(timedelta(seconds=1))
    assert (await machine.enrol(code)).json()["code"] == "claim_used"


async def test_two_machines_at_the_same_moment_get_one_certificate(office: Site) -> None:
    code = (await draw(office))["code"]
    answers = await asyncio.gather(*(Machine(office, f"192.0.2.{n}").enrol(code) for n in range(10, 14)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]


async def test_what_is_typed_may_have_small_letters_spaces_and_confused_ones(office: Site) -> None:
    code = (await draw(office))["code"]
    typed = code.lower().replace("-", " ").replace("0", "o").replace("1", "l")
    assert (await Machine(office).enrol(typed)).status_code == 200


async def test_a_refusal_says_which_and_does_not_use_the_claim_up(office: Site) -> None:
    bound = await draw(office, hardware="10000000abcdef01")
    old, withdrawn = await draw(office), await draw(office)
    admin = await signed_in(office)
    assert (await admin.delete(f"/claims/{withdrawn['id']}")).status_code == 204
    assert (await admin.delete(f"/claims/{withdrawn['id']}")).status_code == 404
    machine = Machine(office)
    other = await machine.enrol(bound["code"], hardware="10000000abcdef02")
    assert (other.status_code, other.json()["code"]) == (403, "claim_other_hardware")
    gone = await machine.enrol(withdrawn["code"])
    assert (gone.status_code, gone.json()["code"]) == (410, "claim_withdrawn")
    unknown = await machine.enrol("0" * 26)
    assert (unknown.status_code, unknown.json()["code"]) == (403, "claim_unknown")
    assert (await machine.enrol(bound["code"], hardware="10000000abcdef01")).status_code == 200
    office.clock.turn(VALID)
    late = await machine.enrol(old["code"])
    assert (late.status_code, late.json()["code"]) == (410, "claim_expired")


@pytest.mark.parametrize(
    "csr",
    [
        "garbage",
        "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n",
        request_for(ec.generate_private_key(ec.SECP384R1())),
        request_for(rsa.generate_private_key(65_537, 2_048)),
    ],
)
async def test_only_a_request_for_a_key_on_p256_is_signed(office: Site, csr: str) -> None:
    machine, code = Machine(office), (await draw(office))["code"]
    honest, machine.csr = machine.csr, csr
    answer = await machine.enrol(code)
    assert (answer.status_code, answer.json()["code"]) == (422, "csr_invalid")
    machine.csr = honest
    assert (await machine.enrol(code)).status_code == 200


async def test_a_request_that_was_changed_on_the_way_is_refused(office: Site) -> None:
    machine = Machine(office)
    lines = machine.csr.splitlines()
    der = bytearray(base64.b64decode("".join(lines[1:-1])))
    der[-1] ^= 1
    body = base64.encodebytes(bytes(der)).decode()
    machine.csr = f"{lines[0]}\n{body}{lines[-1]}\n"
    assert (await machine.enrol((await draw(office))["code"])).json()["code"] == "csr_invalid"


async def test_guessing_is_slowed_down(office: Site) -> None:
    machine = Machine(office)
    for _ in range(MAX_ATTEMPTS):
        await machine.enrol("0" * 26)
    answer = await machine.enrol((await draw(office))["code"])
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0


async def test_a_second_enrolment_ends_the_first(office: Site) -> None:
    _, lost = await enrolled(office)
    _, found = await enrolled(office)
    assert await users(office) == [certified_name("gw-yellow", serial(found))]
    assert serial(lost) != serial(found)


async def test_renewal_takes_a_new_key_and_keeps_the_old_certificate_once(office: Site) -> None:
    machine, first = await enrolled(office)
    second, third = Machine(office), Machine(office)
    office.clock.turn(YEAR * 2 / 3)
    renewed = (await machine.renew(first, second)).json()
    again = (await machine.renew(first, second)).json()
    assert again == renewed
    names = [certified_name("gw-yellow", serial(one)) for one in (first, renewed["certificate"])]
    assert await users(office) == sorted(names)
    last = (await second.renew(renewed["certificate"], third)).json()
    names = [certified_name("gw-yellow", serial(one["certificate"])) for one in (renewed, last)]
    assert await users(office) == sorted(names), "the first is over"
    assert last["sms_key"] == renewed["sms_key"]


async def test_the_key_for_texts_is_drawn_once(office: Site, conn: Connection) -> None:
    await conn.execute("update gateway set sms_key = null where id = 'gw-yellow'")
    await conn.commit()
    first = (await Machine(office).enrol((await draw(office))["code"])).json()["sms_key"]
    again = (await Machine(office).enrol((await draw(office))["code"])).json()["sms_key"]
    assert first == again
    row = await (await conn.execute("select sms_key from gateway where id = 'gw-yellow'")).fetchone()
    assert row is not None
    assert row["sms_key"].hex() == first
    assert len(row["sms_key"]) == 32


async def test_renewal_is_refused_to_whoever_lacks_the_key_or_the_right(office: Site) -> None:
    machine, certificate = await enrolled(office)
    thief = Machine(office)
    refused = await thief.renew(certificate, thief)
    assert (refused.status_code, refused.json()["code"]) == (403, "signature_wrong")
    swapped = await machine.renew(certificate, thief, signed=machine.csr)
    assert swapped.json()["code"] == "signature_wrong"
    office.clock.turn(YEAR)
    late = await machine.renew(certificate, Machine(office))
    assert (late.status_code, late.json()["code"]) == (403, "certificate_not_in_force")
    assert await users(office) == []


async def test_a_revoked_gateway_is_out_until_it_enrols_again(office: Site) -> None:
    machine, certificate = await enrolled(office)
    unused = await draw(office)
    admin = await signed_in(office)
    assert (await admin.post("/gateways/gw-yellow/revoke")).status_code == 204
    assert await users(office) == []
    assert (await machine.renew(certificate, Machine(office))).json()["code"] == "certificate_not_in_force"
    assert (await machine.enrol(unused["code"])).json()["code"] == "claim_withdrawn"
    _, fresh = await enrolled(office)
    assert await users(office) == [certified_name("gw-yellow", serial(fresh))]


async def test_a_home_without_a_gateway_gets_one_by_drawing_a_claim(office: Site, conn: Connection) -> None:
    await conn.execute("delete from device where gateway_id = 'gw-yellow'")
    await conn.execute("delete from gateway where id = 'gw-yellow'")
    await conn.commit()
    drawn = await draw(office)
    answer = (await Machine(office).enrol(drawn["code"])).json()
    assert answer["gateway_id"] == drawn["gateway_id"] != "gw-yellow"


async def test_nobody_draws_sees_or_revokes_across_tenants(office: Site) -> None:
    admin = await signed_in(office)
    foreign = office.town.foreign
    assert (await admin.post("/claims", json={"home_id": foreign})).status_code == 404
    named = {"home_id": office.town.yellow, "gateway_id": "gw-foreign"}
    assert (await admin.post("/claims", json=named)).status_code == 404
    assert (await admin.post("/gateways/gw-foreign/revoke")).status_code == 404
    assert (await admin.get("/claims")).json() == {"claims": []}


async def test_lists_show_what_became_of_claims_and_never_a_code(office: Site) -> None:
    _, certificate = await enrolled(office)
    drawn = await draw(office)
    admin = await signed_in(office)
    answer = await admin.get("/claims")
    shown = [(claim["gateway_id"], claim["used_at"] is not None) for claim in answer.json()["claims"]]
    assert shown == [("gw-yellow", False), ("gw-yellow", True)]
    assert drawn["code"] not in answer.text
    listed = (await admin.get("/certificates")).json()["certificates"]
    assert [one["serial"] for one in listed] == [serial(certificate)]


async def test_every_step_leaves_a_row_and_no_row_holds_a_code(office: Site, conn: Connection) -> None:
    machine, certificate = await enrolled(office)
    await machine.renew(certificate, Machine(office))
    admin = await signed_in(office)
    await admin.post("/gateways/gw-yellow/revoke")
    rows = await (await conn.execute("select actor, action from enrolment_step order by id")).fetchall()
    by = f"staff:{office.town.staff['admin']}"
    assert [(row["actor"], row["action"]) for row in rows] == [
        (by, "claim drawn"),
        ("gateway:gw-yellow", "enrolled"),
        ("gateway:gw-yellow", "renewed"),
        (by, "revoked"),
    ]


async def test_a_cloud_without_enrolment_says_so(site: Site) -> None:
    answer = await Machine(site).enrol("0" * 26)
    assert (answer.status_code, answer.json()["code"]) == (404, "enrolment_off")
