"""The whole platform under the pages: two homes, an open incident, and one person of each role.

What this is: how a test of a page comes in as somebody. What it is not: a script; the API, the database, the
broker and the rules are the real ones, so a test makes what it needs through them, and leaves alone what
others made. One platform serves all pages of a test process, since starting it takes seconds.
"""

from __future__ import annotations

from playwright.sync_api import BrowserContext, Page

from cloud.auth import Role
from tests.harness import System
from tests.visit import PASSWORD


def come_in(context: BrowserContext, town: System, role: Role, path: str) -> Page:
    """A page at ``path``, signed in as the person of ``role``, who has just shown who they are."""
    for way, what in (
        ("session", {"username": role.value, "password": PASSWORD}),
        ("session/presence", {"password": PASSWORD}),
    ):
        answer = context.request.post(f"{town.address}/api/v1/{way}", data=what, headers={"X-Anban": "1"})
        assert answer.ok, answer.text()
    page = context.new_page()
    page.goto(town.address + path)
    return page
