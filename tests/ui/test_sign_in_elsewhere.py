"""Signing in through an identity provider: a real browser, a provider on another site, the whole cloud."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import Page, expect

from cloud.embedded.process import free_port
from tests.harness import System, roster
from tests.ui.scripted import Platform
from tests.ui.test_whole_system import STAFF
from tests.unit.cloud.auth.provider import CLIENT, SECRET, Idp, serve

pytestmark = [pytest.mark.browser, pytest.mark.services]

BUTTON = "用 怀化统一认证 登录"


@pytest.fixture(scope="module")
def idp() -> Iterator[Idp]:
    """The provider, under a name that is another site to a browser than our address is."""
    made = Idp(lambda: datetime.now(UTC))
    with serve(made):
        made.address = made.address.replace("127.0.0.1", "localhost")
        yield made


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory, screens: Path, idp: Idp) -> Iterator[System]:
    """The cloud, where ``op1`` is ``u-1`` at the provider."""
    assert screens.is_dir()
    folder, port = tmp_path_factory.mktemp("anban"), free_port()  # the provider must know the address first
    config = folder / "anban.toml"
    config.write_text(
        f'web.public_url = "http://127.0.0.1:{port}"\n'
        f'oidc = {{issuer = "{idp.address}", client_id = "{CLIENT}", client_secret = "{SECRET}", '
        'name = "怀化统一认证"}\n',
        encoding="utf-8",
    )
    arguments = ("--config", str(config), "--port", str(port))
    whole = System(folder / "data", roster(1, staff=STAFF), arguments=arguments)
    with whole.started():
        with psycopg.connect(whole.dsn) as conn:
            conn.execute(
                "insert into staff_identity (issuer, claim, value, staff_id) "
                "select %s, 'sub', 'u-1', id from staff where username = 'op1'",
                [idp.address],
            )
        yield whole


def test_a_person_comes_in_by_the_button_and_the_queue_opens(page: Page, system: System, idp: Idp) -> None:
    idp.claims = {"sub": "u-1"}
    page.goto(system.address)
    page.get_by_role("link", name=BUTTON).click()
    expect(page.locator("[data-link=live]")).to_be_visible()
    expect(page.locator(".band")).to_contain_text("向玉珍")
    assert page.url == f"{system.address}/console/"
    assert page.evaluate("crossOriginIsolated")  # the headers hold in a browser, and the screens with them
    page.get_by_role("button", name="向玉珍").click()
    expect(page.locator(".part-sessions li")).to_contain_text("当前")


def test_a_person_whom_nobody_wrote_down_reads_why_on_the_sign_in(
    page: Page, system: System, idp: Idp
) -> None:
    idp.claims = {"sub": "u-2"}
    page.goto(system.address)
    page.get_by_role("link", name=BUTTON).click()
    expect(page.get_by_role("alert")).to_have_text("此处没有登记该帐号。请联系管理员，或使用密码登录。")
    assert page.url == f"{system.address}/console/"
    page.reload()
    expect(page.get_by_role("link", name=BUTTON)).to_be_visible()
    expect(page.get_by_role("alert")).to_have_text("")


def test_without_a_provider_there_is_no_button(page: Page, base_url: str, platform: Platform) -> None:
    assert platform.elsewhere is None
    with page.expect_response("**/session/oidc/ways"):
        page.goto(base_url)
    expect(page.get_by_role("button", name="登录")).to_be_visible()
    expect(page.locator(".sign-in a")).to_have_count(0)
