"""What every request must pass, and the shape of every refusal."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator

import httpx
import psycopg
import pytest
from fastapi import FastAPI
from psycopg_pool import PoolTimeout

from benchmarks import hostile_words
from cloud import guard, problems
from cloud.guard import MAX_BODY
from cloud.problems import MEDIA_TYPE
from tests.unit.cloud.conftest import Site

SECRET = "向秀英 lives here"
GOOD = {"username": "operator", "password": "x"}


async def test_a_request_without_the_intent_header_changes_nothing(site: Site) -> None:
    browser = await site.signed_in("operator")
    del browser.headers["x-anban"]
    answer = await browser.delete("/session")
    assert (answer.status_code, answer.json()["code"]) == (403, "no_intent")
    assert (await browser.get("/session")).status_code == 200


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "null", "http://anban.test.evil.example", "https://anban.test", "file://"],
)
async def test_a_page_from_elsewhere_changes_nothing(site: Site, origin: str) -> None:
    answer = await site.browser().post("/session", json=GOOD, headers={"origin": origin})
    assert (answer.status_code, answer.json()["code"]) == (403, "foreign_origin")


async def test_our_own_page_is_let_through(site: Site) -> None:
    answer = await site.browser().post("/session", json=GOOD, headers={"origin": "http://anban.test"})
    assert answer.json()["code"] == "sign_in_refused"


async def test_a_configured_public_address_is_ours_too() -> None:
    app = FastAPI()

    @app.post("/x")
    async def done() -> None:
        return

    guard.install(app, ["https://anban.example"], ())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://inside") as client:
        headers = {"x-anban": "1", "origin": "https://anban.example"}
        assert (await client.post("/x", headers=headers)).status_code == 200


@pytest.mark.parametrize("path", ["/session", "/health", "/nowhere"])
async def test_every_answer_carries_the_security_headers(site: Site, path: str) -> None:
    headers = (await site.browser().get(path)).headers
    assert "default-src 'self'" in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"


async def test_a_large_body_is_refused_by_its_declared_length(site: Site) -> None:
    answer = await site.browser().post("/session", content=b" " * (MAX_BODY + 1))
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


async def test_a_large_body_is_refused_although_it_declares_no_length(site: Site) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b" " * 4_096

    headers = {"content-type": "application/json"}
    answer = await site.browser().post("/session", content=endless(), headers=headers)
    assert answer.status_code == 413


async def test_a_body_in_pieces_arrives_whole(site: Site) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b'{"username": "oper'
        yield b'ator", "password": "correct horse \xe7\x94'
        yield b'\xb5\xe6\xb1\xa0"}'

    answer = await site.browser().post(
        "/session", content=pieces(), headers={"content-type": "application/json"}
    )
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'{"username": 1, "password": "x"}',
        b'{"username": "a\\u0000b", "password": "x"}',
        b'{"username": "a", "password": "\\ud800"}',
        b"\xff\xfe",
        b'{"username": "a", "password": "x", "role": "admin"}',
        b"[" * 10_000,
    ],
)
async def test_a_malformed_body_is_a_problem_that_quotes_nothing(site: Site, body: bytes) -> None:
    answer = await site.browser().post("/session", content=body, headers={"content-type": "application/json"})
    assert answer.status_code in {400, 422}
    assert answer.headers["content-type"] == MEDIA_TYPE
    assert set(answer.json()) <= {"type", "title", "status", "code", "detail", "fields"}


async def test_a_refused_field_is_named_and_its_value_is_not(site: Site) -> None:
    answer = await site.browser().post("/session", json={"username": SECRET * 100, "password": "x"})
    assert answer.status_code == 422
    assert answer.json()["fields"] == [{"where": ["body", "username"], "rule": "too_long"}]
    assert SECRET not in answer.text


async def test_an_unknown_path_and_method_are_problems(site: Site) -> None:
    browser = site.browser()
    assert (await browser.get("/nowhere")).json()["code"] == "not_found"
    assert (await browser.put("/session")).json()["code"] == "method_not_allowed"


@pytest.fixture
async def failing() -> AsyncIterator[httpx.AsyncClient]:
    """An application whose routes fail in each way."""
    app = FastAPI()
    problems.install(app)
    guard.install(app, (), ())
    failures = {
        "bug": RuntimeError(SECRET),
        "lost": psycopg.OperationalError(SECRET),
        "busy": PoolTimeout(SECRET),
    }

    @app.get("/{name}")
    async def fail(name: str) -> None:
        raise failures[name]

    transport = httpx.ASGITransport(app, raise_app_exceptions=True)
    async with httpx.AsyncClient(transport=transport, base_url="http://anban.test") as client:
        yield client


async def test_a_bug_is_logged_by_its_place_and_tells_nobody_what_it_saw(
    failing: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    answer = await failing.get("/bug")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert SECRET not in answer.text + caplog.text
    assert "RuntimeError" in caplog.text
    assert "raise failures[name]" in caplog.text


@pytest.mark.parametrize("name", ["lost", "busy"])
async def test_a_database_that_is_away_is_worth_trying_again(failing: httpx.AsyncClient, name: str) -> None:
    answer = await failing.get(f"/{name}")
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert int(answer.headers["retry-after"]) > 0
    assert SECRET not in answer.text


async def test_the_access_log_knows_numbers_and_patterns_only(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "cloud.access_log")
    browser = await site.signed_in("operator")
    await browser.get(f"/homes/{site.town.yellow}", params={"name": SECRET})
    lines = [record.getMessage() for record in caplog.records if record.name == "cloud.access_log"]
    who = site.town.staff["operator"]
    assert "/homes/{home_id} status=200 ms=" in lines[-1]
    assert lines[-1].endswith(f"staff={who} home_id={site.town.yellow}")
    for private in (SECRET, "operator", "某", "192.0.2.1", browser.cookies["anban"]):
        assert private not in "".join(lines)


@pytest.mark.parametrize("typed", ["1%0aINFO forged line", "%E5%90%91%E7%A7%80%E8%8B%B1", "' or 1=1"])
async def test_what_is_no_id_does_not_get_into_the_access_log(
    site: Site, caplog: pytest.LogCaptureFixture, typed: str
) -> None:
    caplog.set_level(logging.INFO, "cloud.access_log")
    assert (await site.browser().get(f"/homes/{typed}")).status_code in {401, 422}
    assert [record.getMessage() for record in caplog.records][-1].endswith("staff=- ")


@pytest.mark.parametrize(
    ("asked", "headers", "body", "refused"),
    [
        ("GET /nowhere", {}, "", "404 not_found"),
        ("GET /%2e%2e/%2e%2e/etc/passwd", {}, "", "404 not_found"),
        ("PATCH /session", {}, "", "405 method_not_allowed"),
        ("GET /session", {"accept": "image/png"}, "", "406 not_acceptable"),
        ("POST /session", {"content-type": "text/plain"}, "{}", "415 unsupported_media_type"),
        ("POST /session", {"content-type": "application/xml"}, "<a/>", "415 unsupported_media_type"),
        ("POST /session", {"content-type": "application/json"}, "{", "422 invalid"),
        ("POST /session", {"content-type": "application/json"}, b"\xff\xfe", "422 invalid"),
        ("POST /session", {"content-type": "application/json"}, "9" * 50_000, "400 bad_request"),
        ("POST /session", {"content-type": "application/json"}, "{}" + " " * MAX_BODY, "413 too_large"),
    ],
)
async def test_whatever_is_refused_has_the_one_shape(
    site: Site, asked: str, headers: dict[str, str], body: str | bytes, refused: str
) -> None:
    method, path = asked.split()
    answer = await site.browser().request(method, path, headers=headers, content=body)
    assert f"{answer.status_code} {answer.json()['code']}" == refused
    assert answer.headers["content-type"] == MEDIA_TYPE


@pytest.mark.parametrize(
    "accept", ["", "*/*", "text/html, application/json;q=0.9", "APPLICATION/JSON", "text/*"]
)
async def test_whoever_accepts_anything_of_ours_is_answered(site: Site, accept: str) -> None:
    assert (await site.browser().get("/health", headers={"accept": accept})).status_code == 200


@pytest.mark.parametrize("path", hostile_words.PATHS)
async def test_no_body_is_a_server_error(site: Site, path: str) -> None:
    browser = await site.signed_in("admin")
    for content, headers in hostile_words.CONTENTS:
        answer = await browser.post(path, content=content, headers=headers)
        assert answer.status_code < 500, content[:60]
        assert answer.status_code == 200 or answer.headers["content-type"] == MEDIA_TYPE
