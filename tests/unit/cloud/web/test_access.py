"""Every route, visited by every role: exactly the allowed ones get in."""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest
from fastapi.routing import APIRoute

import cloud
from cloud.auth import USUAL, Module, Purpose, Role
from cloud.db import Connection
from cloud.incidents.machine import ACTIONS
from cloud.problems import MEDIA_TYPE
from cloud.web import API, ROUTERS
from tests.unit.cloud.conftest import Site

ALL: Final = frozenset(Role)
ANYONE: Final = None
"""No sign-in needed."""
QUEUE: Final = frozenset({Role.ADMIN, Role.SUPERVISOR, Role.OPERATOR, Role.CASEWORKER, Role.RESPONDER})
HOMES: Final = QUEUE | {Role.FAMILY}
FAMILY: Final = frozenset({Role.FAMILY})
ADMIN: Final = frozenset({Role.ADMIN})
AUDITOR: Final = frozenset({Role.AUDITOR})
DESK: Final = frozenset({Role.ADMIN, Role.SUPERVISOR, Role.OPERATOR})
FIGURES: Final = DESK | {Role.EVALUATOR, Role.CITY_ADMIN, Role.CITY_EVALUATOR}
CONSENT: Final = DESK | {Role.CASEWORKER}
RESCUE: Final = CONSENT | {Role.RESPONDER}
REVIEW: Final = frozenset({Role.ADMIN, Role.SUPERVISOR})

REGISTER: Final = {
    "divisions": "list read",
    "tenants": "list read change",
    "plans": "list read change",
    "staff": "list read add change retire",
    "homes": "list read add change retire",
    "residents": "list read add change retire",
    "contacts": "list read add change retire",
    "gateways": "list read add change retire",
    "devices": "list read add change retire",
    "centres": "list read add change retire",
}
WAYS: Final = {
    "list": ("GET", ""),
    "read": ("GET", "/{number}"),
    "add": ("POST", ""),
    "change": ("PUT", "/{number}"),
    "retire": ("POST", "/{number}/retire"),
}

ACCESS: Final[dict[tuple[str, str], frozenset[Role] | None]] = {
    ("POST", "/session"): ANYONE,
    ("GET", "/session"): ALL,
    ("DELETE", "/session"): ALL,
    ("GET", "/snapshot"): QUEUE,
    ("GET", "/stream"): QUEUE,
    ("GET", "/queue"): QUEUE,
    ("GET", "/alarm-rate"): QUEUE,
    ("GET", "/wall"): DESK,
    ("GET", "/devices/worklist"): QUEUE,
    ("GET", "/shift"): DESK,
    ("POST", "/shift/handovers"): DESK,
    ("POST", "/shift/handovers/{handover_id}/take"): DESK,
    ("GET", "/incidents"): QUEUE,
    ("POST", "/incidents/actions"): QUEUE,
    ("GET", "/incidents/{incident_id}"): QUEUE,
    ("POST", "/incidents/{incident_id}/ack"): QUEUE,
    ("POST", "/incidents/{incident_id}/voice"): QUEUE,
    ("POST", "/incidents/{incident_id}/reply"): QUEUE,
    ("POST", "/incidents/{incident_id}/triage"): QUEUE,
    ("POST", "/incidents/{incident_id}/dispatch"): QUEUE,
    ("POST", "/incidents/{incident_id}/arrive"): QUEUE,
    ("POST", "/incidents/{incident_id}/enter"): QUEUE,
    ("POST", "/incidents/{incident_id}/report"): QUEUE,
    ("POST", "/incidents/{incident_id}/emergency"): QUEUE,
    ("POST", "/incidents/{incident_id}/monitor"): QUEUE,
    ("POST", "/incidents/{incident_id}/note"): QUEUE,
    ("POST", "/incidents/{incident_id}/close"): QUEUE,
    ("POST", "/incidents/{incident_id}/follow_up"): QUEUE,
    ("POST", "/incidents/{incident_id}/reopen"): QUEUE,
    ("GET", "/reviews"): REVIEW,
    ("POST", "/reviews/{incident_id}"): REVIEW,
    ("POST", "/sos"): QUEUE,
    ("GET", "/mutes"): QUEUE,
    ("POST", "/homes/{home_id}/mutes"): QUEUE,
    ("POST", "/mutes/{mute_id}/end"): QUEUE,
    ("GET", "/homes/{home_id}"): HOMES,
    ("GET", "/homes/{home_id}/series"): HOMES,
    ("GET", "/homes/{home_id}/activity"): QUEUE,
    ("GET", "/homes/{home_id}/places"): QUEUE,
    ("GET", "/homes/{home_id}/events"): QUEUE,
    ("GET", "/homes/{home_id}/trail"): REVIEW,
    ("GET", "/audit"): AUDITOR,
    ("GET", "/family"): FAMILY,
    ("GET", "/family/homes/{home_id}"): FAMILY,
    ("GET", "/family/wishes"): FAMILY,
    ("PUT", "/family/wishes"): FAMILY,
    ("GET", "/family/hushes"): FAMILY,
    ("PUT", "/family/homes/{home_id}/hush"): FAMILY,
    ("DELETE", "/family/homes/{home_id}/hush"): FAMILY,
    ("POST", "/family/phones"): FAMILY,
    ("DELETE", "/family/phones/{phone_id}"): FAMILY,
    ("GET", "/figures"): FIGURES,
    ("GET", "/report/indicators"): FIGURES,
    ("GET", "/report/months"): FIGURES,
    ("GET", "/report/trend"): FIGURES,
    ("GET", "/report/months/{month}"): FIGURES,
    ("GET", "/report/months/{month}/file"): FIGURES,
    ("GET", "/report/months/{month}/rows"): QUEUE,
    ("POST", "/report/months/{month}/corrections"): REVIEW,
    ("GET", "/releases/{version}/{name}"): ANYONE,
    ("GET", "/residents/{resident_id}/consents"): CONSENT,
    ("POST", "/residents/{resident_id}/consents"): CONSENT,
    ("POST", "/incidents/{incident_id}/emergency-access"): RESCUE,
    ("GET", "/emergency-access"): REVIEW,
    ("POST", "/emergency-access/{access_id}/review"): REVIEW,
    ("POST", "/session/presence"): ALL,
    ("GET", "/residents/{resident_id}/export"): ADMIN,
    ("GET", "/residents/{resident_id}/erasure"): ADMIN,
    ("POST", "/residents/{resident_id}/erasure"): ADMIN,
    ("POST", "/residents/{resident_id}/erasure/confirmation"): ADMIN,
    ("DELETE", "/residents/{resident_id}/erasure"): ADMIN,
    ("POST", "/residents/{resident_id}/holds"): ADMIN,
    ("POST", "/residents/{resident_id}/holds/{hold_id}/lift"): ADMIN,
    ("GET", "/holds"): ADMIN,
    ("GET", "/deletions"): ADMIN,
    ("GET", "/retention"): ADMIN,
    ("GET", "/rules/report"): REVIEW,
    ("GET", "/rules/proposals"): REVIEW,
    ("POST", "/rules/proposals"): REVIEW,
    ("POST", "/rules/proposals/{proposal_id}/approve"): REVIEW,
    ("POST", "/rules/proposals/{proposal_id}/refuse"): REVIEW,
    ("GET", "/time/own"): QUEUE,
    ("GET", "/time/rules"): REVIEW,
    ("PUT", "/time/rules"): REVIEW,
    ("GET", "/time/accounts"): REVIEW,
    ("POST", "/time/accounts"): REVIEW,
    ("POST", "/time/accounts/{account_id}/close"): REVIEW,
    ("POST", "/time/accounts/{account_id}/visits"): REVIEW,
    ("POST", "/time/accounts/{account_id}/gifts"): REVIEW,
    ("POST", "/time/accounts/{account_id}/certificates"): REVIEW,
    ("GET", "/time/entries"): REVIEW,
    ("POST", "/time/entries/{entry_id}/undo"): REVIEW,
    ("POST", "/time/certificates/check"): REVIEW,
    ("GET", "/visits/today"): QUEUE,
    ("GET", "/visits/doors"): QUEUE,
    ("GET", "/visits/forms"): QUEUE,
    ("GET", "/visits/rule"): QUEUE,
    ("PUT", "/visits/rule"): REVIEW,
    ("GET", "/visits/campaigns"): QUEUE,
    ("GET", "/visits/campaigns/proposed"): QUEUE,
    ("POST", "/visits/campaigns"): REVIEW,
    ("POST", "/visits/campaigns/{campaign_id}/end"): REVIEW,
    ("GET", "/visits/duty"): QUEUE,
    ("GET", "/visits/people/{resident_id}"): QUEUE,
    ("PUT", "/visits/people/{resident_id}"): QUEUE,
    ("POST", "/visits/people/{resident_id}/absences"): QUEUE,
    ("POST", "/visits/people/{resident_id}/return"): QUEUE,
    ("POST", "/visits/people/{resident_id}/concerns"): QUEUE,
    ("GET", "/visits/rate"): REVIEW,
    ("GET", "/visits/rate/people"): REVIEW,
    ("GET", "/visits/workers"): REVIEW,
    ("PUT", "/visits/workers/{staff_id}"): REVIEW,
    ("GET", "/visits/plans"): QUEUE,
    ("POST", "/visits/plans"): REVIEW,
    ("GET", "/visits/plans/{plan_id}/left"): REVIEW,
    ("GET", "/visits/orders"): QUEUE,
    ("POST", "/visits/orders"): REVIEW,
    ("PUT", "/visits/orders/{order_id}"): REVIEW,
    ("POST", "/visits/orders/{order_id}/pause"): QUEUE,
    ("POST", "/visits/orders/{order_id}/resume"): QUEUE,
    ("POST", "/visits/orders/{order_id}/end"): REVIEW,
    ("GET", "/visits/away"): REVIEW,
    ("POST", "/visits/away/{away_id}/end"): QUEUE,
    ("POST", "/visits/workers/{staff_id}/away"): QUEUE,
    ("GET", "/visits/mends"): QUEUE,
    ("POST", "/visits/mends"): REVIEW,
    ("GET", "/visits/mends/{mend_id}/moved"): REVIEW,
    ("GET", "/visits"): QUEUE,
    ("POST", "/visits"): QUEUE,
    ("POST", "/visits/events"): QUEUE,
    ("GET", "/visits/{visit_id}"): QUEUE,
    ("PUT", "/visits/{visit_id}/plan"): QUEUE,
    ("POST", "/visits/{visit_id}/cancel"): QUEUE,
    ("POST", "/visits/{visit_id}/vouch"): REVIEW,
    ("GET", "/visits/homes/{home_id}/tags"): REVIEW,
    ("POST", "/visits/homes/{home_id}/tags"): REVIEW,
    ("POST", "/visits/tags/sheet"): REVIEW,
    ("POST", "/visits/tags/{tag_id}/withdraw"): REVIEW,
    ("POST", "/visits/files"): QUEUE,
    ("GET", "/visits/files/{file_id}"): QUEUE,
    ("GET", "/visits/people/{resident_id}/assessments"): QUEUE,
    ("POST", "/visits/people/{resident_id}/assessments"): QUEUE,
    ("POST", "/visits/assessments/{assessment_id}/second"): QUEUE,
    ("POST", "/visits/people/{resident_id}/care-events"): QUEUE,
    ("PUT", "/retention/{of}"): ADMIN,
    ("POST", "/session/second-factor"): ALL,
    ("GET", "/session/oidc"): ANYONE,
    ("GET", "/session/oidc/ways"): ANYONE,
    ("GET", "/session/oidc/callback"): ANYONE,
    ("PUT", "/staff/{staff_id}/identity"): ADMIN,
    ("POST", "/account/second-factor"): ALL,
    ("POST", "/account/second-factor/proof"): ALL,
    ("GET", "/account/sessions"): ALL,
    ("DELETE", "/account/sessions"): ALL,
    ("DELETE", "/account/sessions/{session_id}"): ALL,
    ("POST", "/account/password"): ALL,
    ("DELETE", "/staff/{staff_id}/sessions"): ADMIN,
    ("DELETE", "/staff/{staff_id}/second-factor"): ADMIN,
    ("POST", "/tokens"): ADMIN,
    ("GET", "/tokens"): ADMIN,
    ("DELETE", "/tokens/{token_id}"): ADMIN,
    ("POST", "/incidents/{incident_id}/grants"): DESK,
    ("GET", "/incidents/{incident_id}/grants"): DESK,
    ("DELETE", "/incidents/{incident_id}/grants/{grant_id}"): DESK,
    ("GET", "/tenants"): FIGURES,
    ("GET", "/usage"): FIGURES,
    ("PUT", "/tenants/{code}/equipment"): frozenset({Role.CITY_ADMIN}),
    ("POST", "/claims"): ADMIN,
    ("GET", "/claims"): ADMIN,
    ("DELETE", "/claims/{claim_id}"): ADMIN,
    ("GET", "/certificates"): ADMIN,
    ("POST", "/gateways/{gateway_id}/revoke"): ADMIN,
    ("POST", "/enrolments"): ANYONE,
    ("POST", "/enrolments/renew"): ANYONE,
    ("GET", "/names/homes"): REVIEW,
    ("GET", "/names/staff"): REVIEW,
    ("GET", "/names/residents"): REVIEW,
    ("GET", "/names/accounts"): REVIEW,
    ("GET", "/responders"): REVIEW,
    ("POST", "/responders"): REVIEW,
    ("GET", "/responders/{responder_id}"): REVIEW,
    ("PUT", "/responders/{responder_id}"): REVIEW,
    ("POST", "/responders/{responder_id}/withdraw"): REVIEW,
    ("PUT", "/responders/{responder_id}/homes/{home_id}"): REVIEW,
    ("DELETE", "/responders/{responder_id}/homes/{home_id}"): REVIEW,
    ("GET", "/responders/{worker_id}/shifts"): REVIEW,
    ("POST", "/responders/{worker_id}/shifts"): REVIEW,
    ("DELETE", "/responders/{worker_id}/shifts/{shift_id}"): REVIEW,
    ("GET", "/duty"): QUEUE,
    ("PUT", "/duty"): QUEUE,
    ("POST", "/duty/places"): QUEUE,
    ("POST", "/duty/incidents/{incident_id}/answer"): QUEUE,
    ("POST", "/duty/incidents/{incident_id}/word"): QUEUE,
    ("GET", "/callouts/{incident_id}"): QUEUE,
    ("POST", "/callouts/{incident_id}/asks"): QUEUE,
    ("POST", "/callouts/{incident_id}/asks/{responder_id}/relieve"): QUEUE,
    ("POST", "/callouts/{incident_id}/asks/{responder_id}/answer"): QUEUE,
    ("GET", "/standby"): DESK,
    ("GET", "/map"): DESK,
    ("GET", "/map/layers/{layer_id}"): QUEUE,
    ("GET", "/tiles/{tiles_id}/{z}/{x}/{y}"): QUEUE,
    ("POST", "/answers/{token}"): ANYONE,
    ("POST", "/texts/{token}"): ANYONE,
    ("POST", "/receipts/{provider}/{token}"): ANYONE,
    ("POST", "/replies/{provider}/{token}"): ANYONE,
    ("GET", "/a/{token}"): ANYONE,
    ("POST", "/a/{token}"): ANYONE,
    ("GET", "/health"): ANYONE,
    ("GET", "/ready"): ANYONE,
    ("POST", "/register/import"): ADMIN,
    ("POST", "/register/residents/sheet"): ADMIN,
    **{
        (WAYS[way][0], f"/register/{kind}{WAYS[way][1]}"): ADMIN
        for kind, ways in REGISTER.items()
        for way in ways.split()
    },
}
"""The contract of who may do what, written a second time on purpose."""
MODULES: Final[dict[tuple[str, str], Module]] = {
    ("GET", "/figures"): Module.REPORTS,
    ("GET", "/report/indicators"): Module.REPORTS,
    ("GET", "/report/months"): Module.REPORTS,
    ("GET", "/report/trend"): Module.REPORTS,
    ("GET", "/report/months/{month}"): Module.REPORTS,
    ("GET", "/report/months/{month}/file"): Module.REPORTS,
    ("GET", "/report/months/{month}/rows"): Module.REPORTS,
    ("POST", "/report/months/{month}/corrections"): Module.REPORTS,
    ("GET", "/homes/{home_id}/series"): Module.MONITORING,
    ("GET", "/homes/{home_id}/activity"): Module.MONITORING,
    ("GET", "/homes/{home_id}/places"): Module.MONITORING,
    ("GET", "/homes/{home_id}/events"): Module.MONITORING,
    ("GET", "/rules/report"): Module.DETECTION,
    ("GET", "/rules/proposals"): Module.DETECTION,
    ("POST", "/rules/proposals"): Module.DETECTION,
    ("POST", "/rules/proposals/{proposal_id}/approve"): Module.DETECTION,
    ("POST", "/rules/proposals/{proposal_id}/refuse"): Module.DETECTION,
    ("GET", "/time/own"): Module.VISITS,
    ("GET", "/time/rules"): Module.VISITS,
    ("PUT", "/time/rules"): Module.VISITS,
    ("GET", "/time/accounts"): Module.VISITS,
    ("POST", "/time/accounts"): Module.VISITS,
    ("POST", "/time/accounts/{account_id}/close"): Module.VISITS,
    ("POST", "/time/accounts/{account_id}/visits"): Module.VISITS,
    ("POST", "/time/accounts/{account_id}/gifts"): Module.VISITS,
    ("POST", "/time/accounts/{account_id}/certificates"): Module.VISITS,
    ("GET", "/time/entries"): Module.VISITS,
    ("POST", "/time/entries/{entry_id}/undo"): Module.VISITS,
    ("POST", "/time/certificates/check"): Module.VISITS,
    ("GET", "/visits/today"): Module.VISITS,
    ("GET", "/visits/doors"): Module.VISITS,
    ("GET", "/visits/forms"): Module.VISITS,
    ("GET", "/visits/rule"): Module.VISITS,
    ("POST", "/visits/files"): Module.VISITS,
    ("GET", "/visits/files/{file_id}"): Module.VISITS,
    ("GET", "/visits/people/{resident_id}/assessments"): Module.VISITS,
    ("POST", "/visits/people/{resident_id}/assessments"): Module.VISITS,
    ("POST", "/visits/assessments/{assessment_id}/second"): Module.VISITS,
    ("POST", "/visits/people/{resident_id}/care-events"): Module.VISITS,
    ("PUT", "/visits/rule"): Module.VISITS,
    ("GET", "/visits/campaigns"): Module.VISITS,
    ("GET", "/visits/campaigns/proposed"): Module.VISITS,
    ("POST", "/visits/campaigns"): Module.VISITS,
    ("POST", "/visits/campaigns/{campaign_id}/end"): Module.VISITS,
    ("GET", "/visits/duty"): Module.VISITS,
    ("GET", "/visits/people/{resident_id}"): Module.VISITS,
    ("PUT", "/visits/people/{resident_id}"): Module.VISITS,
    ("POST", "/visits/people/{resident_id}/absences"): Module.VISITS,
    ("POST", "/visits/people/{resident_id}/return"): Module.VISITS,
    ("POST", "/visits/people/{resident_id}/concerns"): Module.VISITS,
    ("GET", "/visits/rate"): Module.VISITS,
    ("GET", "/visits/rate/people"): Module.VISITS,
    ("GET", "/visits/workers"): Module.VISITS,
    ("PUT", "/visits/workers/{staff_id}"): Module.VISITS,
    ("GET", "/visits/plans"): Module.VISITS,
    ("POST", "/visits/plans"): Module.VISITS,
    ("GET", "/visits/plans/{plan_id}/left"): Module.VISITS,
    ("GET", "/visits/orders"): Module.VISITS,
    ("POST", "/visits/orders"): Module.VISITS,
    ("PUT", "/visits/orders/{order_id}"): Module.VISITS,
    ("POST", "/visits/orders/{order_id}/pause"): Module.VISITS,
    ("POST", "/visits/orders/{order_id}/resume"): Module.VISITS,
    ("POST", "/visits/orders/{order_id}/end"): Module.VISITS,
    ("GET", "/visits/away"): Module.VISITS,
    ("POST", "/visits/away/{away_id}/end"): Module.VISITS,
    ("POST", "/visits/workers/{staff_id}/away"): Module.VISITS,
    ("GET", "/visits/mends"): Module.VISITS,
    ("POST", "/visits/mends"): Module.VISITS,
    ("GET", "/visits/mends/{mend_id}/moved"): Module.VISITS,
    ("GET", "/visits"): Module.VISITS,
    ("POST", "/visits"): Module.VISITS,
    ("POST", "/visits/events"): Module.VISITS,
    ("GET", "/visits/{visit_id}"): Module.VISITS,
    ("PUT", "/visits/{visit_id}/plan"): Module.VISITS,
    ("POST", "/visits/{visit_id}/cancel"): Module.VISITS,
    ("POST", "/visits/{visit_id}/vouch"): Module.VISITS,
    ("GET", "/visits/homes/{home_id}/tags"): Module.VISITS,
    ("POST", "/visits/homes/{home_id}/tags"): Module.VISITS,
    ("POST", "/visits/tags/sheet"): Module.VISITS,
    ("POST", "/visits/tags/{tag_id}/withdraw"): Module.VISITS,
}
"""Routes that exist only for tenants with a module, written a second time on purpose."""
OF_LOOPS: Final = frozenset({Module.DETECTION, Module.VISITS})
"""What switches loops of the worker (``test_scope``), beside the routes that show what they found."""
OF_CHANNELS: Final = frozenset({Module.MESSAGES})
"""What switches channels: text messages and calls (``tests/scenario/test_faulty_providers.py``)."""
CLOUD: Final = Path(cloud.__file__).parent
NO_ACTION: Final = frozenset({"emergency-access", "grants"})
"""What is posted to an incident and is no step of it."""
APART: Final = timedelta(seconds=0.06)
"""Between two requests, so that no session asks more often than it may."""
REFUSALS: Final = {401, 403}
NOT_YET: Final = {"presence_needed"}
"""Whoever may is asked who is at the screen."""


def _routes(site: Site) -> set[tuple[str, str]]:
    paths = site.app.openapi()["paths"]
    return {(method.upper(), path.removeprefix(API)) for path, methods in paths.items() for method in methods}


def test_every_route_is_in_the_table(site: Site) -> None:
    assert _routes(site) == set(ACCESS)
    assert all(
        route.include_in_schema
        for router in ROUTERS
        for route in router.routes
        if isinstance(route, APIRoute)
    )


def test_every_action_of_the_machine_has_its_route(site: Site) -> None:
    offered = {
        path.rpartition("/")[2]
        for method, path in ACCESS
        if path.startswith("/incidents/{incident_id}/") and method == "POST"
    }
    assert offered - NO_ACTION == {action.value for action in ACTIONS}


@pytest.mark.parametrize("role", [None, *Role])
async def test_exactly_the_allowed_roles_get_in(site: Site, role: Role | None) -> None:
    browser = await site.signed_in(role.value) if role else site.browser()
    got_in = {}
    for method, path in sorted(ACCESS, key=lambda route: route == ("DELETE", "/session")):  # it comes last
        site.clock.turn(APART)
        answer = await browser.request(method, _address(site, path), params={"after": 999}, json={})
        refused = answer.status_code in REFUSALS and answer.json()["code"] not in NOT_YET
        got_in[method, path] = not refused or (method, path) == ("POST", "/session")
        if not got_in[method, path]:
            assert answer.status_code == (403 if role else 401)
            assert answer.headers["content-type"] == MEDIA_TYPE
    assert got_in == {route: roles is ANYONE or role in roles for route, roles in ACCESS.items()}


def _address(site: Site, path: str) -> str:
    words = dict.fromkeys(("token", "code", "name", "provider", "tiles_id"), "none")
    known = {
        **words,
        "home_id": site.town.yellow,
        "gateway_id": "gw-none",
        "staff_id": 999,
        "resident_id": 999,
    }
    shapes = {"of": "raw", "month": "2026-10", "version": "1.0.0", "z": 1, "x": 0, "y": 0}
    named = path.format_map(defaultdict(lambda: 7, {**known, **shapes}))
    return "http://anban.test" + ("" if path.startswith("/a/") else API) + named


def test_every_module_switches_something() -> None:
    assert frozenset(MODULES.values()) | OF_LOOPS | OF_CHANNELS == frozenset(Module)


@pytest.mark.parametrize("left", list(Module))
async def test_without_a_module_exactly_its_routes_are_away(
    site: Site, conn: Connection, left: Module
) -> None:
    rest = [module.value for module in Module if module is not left]
    await conn.execute("update tenant set modules = %s", [rest])
    await conn.commit()
    admin, auditor, city = [await site.signed_in(who) for who in ("admin", "auditor", "city_admin")]
    away = set()
    for method, path in sorted(ACCESS, key=lambda route: route == ("DELETE", "/session")):
        site.clock.turn(APART)
        for browser in (admin, auditor, city):
            answer = await browser.request(method, _address(site, path), params={"after": 999}, json={})
            if answer.status_code == 403 and answer.json()["code"] == "module_off":
                away.add((method, path))
    assert away == {route for route, module in MODULES.items() if module is left}


def test_every_purpose_is_read_for_somewhere() -> None:
    """One that no route uses is a right that nobody has thought through."""
    texts = [path.read_text(encoding="utf-8") for path in CLOUD.rglob("*.py") if path.name != "auth.py"]
    named = {name for text in texts for name in re.findall(r"\b(?:Purpose|Reading|Reason)\.([A-Z]+)\b", text)}
    assert {Purpose[name] for name in named & set(Purpose.__members__)} | set(USUAL.values()) == set(Purpose)
