"""Serving the screens: what a browser gets, with a build and without one."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

import dashboards
from dashboards import hatch_build

HTML = b"<!doctype html><title>console</title>"
SCRIPT = b"export const greeting = 'hello';" * 40


Get = Callable[..., httpx.Response]


def getter(app: FastAPI) -> Get:
    """A function that asks ``app`` for a path, with headers."""

    def get(path: str, headers: dict[str, str] | None = None) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url="http://console") as client:
                return await client.get(path, headers=headers)

        return asyncio.run(ask())

    return get


@pytest.fixture
def static(tmp_path: Path) -> Path:
    (tmp_path / "assets").mkdir()
    for page in set(dashboards.PAGES.values()):
        (tmp_path / f"{page}.html").write_bytes(HTML.replace(b"console", page.encode()))
    (tmp_path / "assets" / "console-abc123.js").write_bytes(SCRIPT)
    (tmp_path / "install").mkdir()
    (tmp_path / "install" / "field.en.webmanifest").write_bytes(b"{}")
    (tmp_path / "sw").mkdir()
    (tmp_path / "sw" / "sw-family.js").write_bytes(SCRIPT)
    hatch_build.compress(tmp_path)
    return tmp_path


@pytest.fixture
def get(static: Path) -> Get:
    app = FastAPI()
    assert dashboards.mount(app, static)
    return getter(app)


def test_a_service_worker_is_below_its_page_and_never_kept_unasked(get: Get) -> None:
    answer = get("/family/sw.js")
    assert (answer.status_code, answer.content, answer.headers["cache-control"]) == (200, SCRIPT, "no-cache")
    assert answer.headers["content-type"].startswith("text/javascript")
    assert get("/console/sw.js").status_code == 404


def test_a_manifest_is_asked_for_anew_each_time_for_its_name_stays(get: Get) -> None:
    answer = get("/install/field.en.webmanifest")
    assert (answer.status_code, answer.content, answer.headers["cache-control"]) == (200, b"{}", "no-cache")
    assert answer.headers["content-type"] == "application/manifest+json"
    assert get("/install/other.webmanifest").status_code == 404


@pytest.mark.parametrize(
    ("path", "leads_to"), [("/", "/console/"), ("/console", "/console/"), ("/family", "/family/")]
)
def test_short_addresses_lead_to_their_page(get: Get, path: str, leads_to: str) -> None:
    answer = get(path)
    assert (answer.status_code, answer.headers["location"]) == (307, leads_to)


@pytest.mark.parametrize("page", ["wall", "field", "family", "kpi", "admin"])
def test_each_page_has_its_address(get: Get, page: str) -> None:
    path = next(path for path, name in dashboards.PAGES.items() if name == page)
    assert get(path).content == HTML.replace(b"console", page.encode())


@pytest.mark.parametrize("path", ["/console/", "/console/i/42"])
def test_the_page_answers_at_its_own_addresses(get: Get, path: str) -> None:
    answer = get(path)
    assert answer.content == HTML
    assert answer.headers["cache-control"] == "no-cache"


def test_an_asset_may_be_kept_for_ever(get: Get) -> None:
    answer = get("/assets/console-abc123.js")
    assert answer.content == SCRIPT
    assert answer.headers["content-type"].startswith("text/javascript")
    assert "immutable" in answer.headers["cache-control"]


def test_bytes_travel_compressed_to_who_accepts_it(get: Get) -> None:
    path = "/assets/console-abc123.js"
    packed = get(path, headers={"accept-encoding": "gzip"})
    plain = get(path, headers={"accept-encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert int(packed.headers["content-length"]) < int(plain.headers["content-length"])
    assert packed.content == plain.content == SCRIPT
    assert packed.headers["vary"] == "Accept-Encoding"


def test_a_page_that_did_not_change_is_not_sent_again(get: Get) -> None:
    etag = get("/console/").headers["etag"]
    answer = get("/console/", headers={"if-none-match": etag})
    assert (answer.status_code, answer.content) == (304, b"")


def test_the_policy_forbids_scripts_from_elsewhere_and_frames(get: Get) -> None:
    policy = get("/console/").headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize(
    "path",
    [
        "/assets/none.js",
        "/assets/..%2Fconsole.html",
        "/assets/%2e%2e/console.html",
        "/assets/console-abc123.js.gz",
        "/console/anything",
        "/console/i/x",
    ],
)
def test_nothing_else_is_served(get: Get, path: str) -> None:
    assert get(path).status_code == 404


def test_a_page_may_use_of_the_device_what_it_needs_and_the_others_nothing(get: Get) -> None:
    shown = {page: get(path) for path, page in dashboards.PAGES.items() if ":" not in path}
    allowed = {page: answer.headers["permissions-policy"] for page, answer in shown.items()}
    assert allowed.pop("field") == "camera=(self), microphone=(self), geolocation=(self)"
    assert set(allowed.values()) == {"camera=(), microphone=(), geolocation=()"}


def test_files_survive_the_disk(get: Get, static: Path) -> None:
    (static / "console.html").unlink()
    assert get("/console/").content == HTML


def test_without_a_build_the_application_runs_and_says_how_to_repair_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    app = FastAPI()

    @app.get("/api/v1/health")
    def health() -> str:
        return "alive"

    with caplog.at_level(logging.ERROR):
        assert not dashboards.mount(app, tmp_path)
    get = getter(app)
    answer = get("/console/")
    assert answer.status_code == 503
    assert dashboards.REPAIR in answer.text
    assert dashboards.REPAIR in caplog.text
    assert get("/api/v1/health").json() == "alive"
