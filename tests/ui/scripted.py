"""A platform with a script: real HTTP, a real event stream, the real views, and a plot the test writes.

What this is: the part of ``/api/v1`` a console uses, in memory, with switches for the faults (silence, a lost
answer, another operator who was faster). What it is not: the rules of incidents; ``cloud`` has those, and one
flow of these tests runs against the whole of it. The one idea: a browser test must decide what happens, when.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final

import pyotp
import segno
import uvicorn
from fastapi import APIRouter, Body, Cookie, FastAPI, Header, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse

import dashboards
from cloud.consent.purposes import Purpose
from cloud.incidents.model import (
    HomeView,
    IncidentDetail,
    IncidentState,
    IncidentView,
    MessageView,
    RungView,
    Snapshot,
    TimelineEntry,
)
from cloud.people.card import DeviceView, HomeCard, ReadingView, WithheldView
from firmware_protocols.model import Quality, Quantity

PASSWORD: Final = "correct horse battery"
CODE: Final = "123456"
TOKEN: Final = "anban_n3vJ0yq8mZcXw1LrT5uKbHs9dGfPa2EoQ7iVtYx4Rk6"
SECRET: Final = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
TICK_S: Final = 0.05
BEAT_S: Final = 1.0

NEXT_STATE: Final[dict[str, IncidentState | None]] = {
    "ack": IncidentState.ACKED,
    "voice": IncidentState.VOICE,
    "triage": IncidentState.TRIAGED,
    "dispatch": IncidentState.EN_ROUTE,
    "arrive": IncidentState.ON_SITE,
    "emergency": IncidentState.EMERGENCY_SERVICES,
    "monitor": IncidentState.MONITORING,
    "note": None,
    "close": IncidentState.CLOSED,
    "reopen": IncidentState.RAISED,
}
WITHOUT_OWNER: Final = ("ack", "note", "emergency")
WITH_OWNER: Final = ("ack", "voice", "triage", "dispatch", "arrive", "emergency", "monitor", "note", "close")
OPERATOR: Final = "向玉珍"


def session() -> dict[str, Any]:
    return {
        "name": OPERATOR,
        "role": "operator",
        "locale": "zh-Hans",
        "permissions": ["handle_incident", "read_home", "read_queue"],
        "expires_at": (now() + timedelta(hours=12)).isoformat(),
        "second_factor": "not_needed",
        "one_time": False,
    }


def now() -> datetime:
    return datetime.now(UTC)


def allowed(incident: IncidentView) -> list[str]:
    """What the platform would let an operator do."""
    if incident.closed_at is not None:
        return ["reopen"]
    return list(WITHOUT_OWNER if incident.owner is None else WITH_OWNER)


CHROME: Final = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0 "
    "Safari/537.36"
)
WECHAT: Final = (
    "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/116.0 "
    "Mobile Safari/537.36 MicroMessenger/8.0.47"
)
SAFARI: Final = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.1 Mobile/15E148 Safari/604.1"
)


@dataclass
class Account:
    """What the script holds of the person's own account. ``factor``: since when there is one. ``drawn``: the
    keys of the commands that drew a token.
    """

    password: str = PASSWORD
    administers: bool = False
    factor: datetime | None = None
    codes_left: int = 0
    sessions: list[dict[str, Any]] = field(default_factory=list)
    tokens: list[dict[str, Any]] = field(default_factory=list)
    drawn: set[str] = field(default_factory=set)

    def sign_in_at(self, agent: str, origin: str, ago: timedelta, *, current: bool = False) -> None:
        at, number = now() - ago, len(self.sessions) + 1
        self.sessions.append(
            {
                "id": number, "created_at": at.isoformat(), "seen_at": (at + ago * 0.9).isoformat(),
                "expires_at": (at + timedelta(hours=12)).isoformat(), "origin": origin, "agent": agent,
                "current": current,
            }
        )  # fmt: skip

    def let_in(self, name: str, permissions: list[str], days: int, **more: Any) -> dict[str, Any]:
        token = {
            "id": len(self.tokens) + 1, "name": name, "permissions": permissions, "made_by": 1,
            "made_at": now().isoformat(), "expires_at": (now() + timedelta(days=days)).isoformat(),
            "used_at": None, "revoked_at": None, "division": None,
        } | more  # fmt: skip
        self.tokens.insert(0, token)
        return token


@dataclass
class Platform:
    """What the script holds. Fields are changed by the test, read by the server's thread."""

    incidents: dict[int, IncidentView] = field(default_factory=dict)
    homes: dict[int, HomeView] = field(default_factory=dict)
    timelines: dict[int, list[TimelineEntry]] = field(default_factory=dict)
    changes: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    commands: list[tuple[int, str, dict[str, Any]]] = field(default_factory=list)
    keys: dict[str, dict[str, Any]] = field(default_factory=dict)
    withheld: list[Purpose] = field(default_factory=list)
    opened: bool = False
    silent: bool = False
    over: bool = False
    down: bool = False
    rival: str | None = None
    one_time: bool = False
    elsewhere: str | None = None
    account: Account = field(default_factory=Account)
    answers_lost: int = 0
    repeats: int = 0

    def put_home(self, home: HomeView) -> None:
        self.homes[home.id] = home
        self.changes.append(("home", home.model_dump(mode="json")))

    def put(self, incident: IncidentView, actor: str = "gateway", trigger: str = "raised") -> None:
        """Store ``incident`` and tell every console."""
        before = self.incidents.get(incident.id)
        timeline = self.timelines.setdefault(incident.id, [])
        timeline.append(
            TimelineEntry(
                seq=len(timeline) + 1,
                at=now(),
                actor=actor,
                trigger=trigger,
                from_state="" if before is None else before.state,
                to_state=incident.state,
                detail={"note": incident.note} if trigger == "note" else {},
            )
        )
        self.incidents[incident.id] = incident
        self.changes.append(("inc", incident.model_dump(mode="json")))

    def act(self, incident_id: int, action: str, body: dict[str, Any], actor: str) -> IncidentView:
        """Apply ``action`` the way the platform would, without its rules."""
        held = self.incidents[incident_id]
        at = now()
        update: dict[str, Any] = {"version": held.version + 1, "state_since": at, "due_at": None}
        if (state := NEXT_STATE[action]) is not None:
            update["state"] = state
        if action == "ack":
            update |= {"acked_at": at, "owner": actor, "due_at": at + timedelta(seconds=60)}
        elif action == "dispatch":
            eta = at + timedelta(minutes=body.get("eta_minutes") or 10)
            update |= {"responder": body["responder"], "eta_at": eta, "due_at": eta}
        elif action == "close":
            update |= {"outcome": body["outcome"], "note": body.get("note", ""), "closed_at": at}
        elif action == "triage" and body.get("priority"):
            update["priority"] = body["priority"]
        elif action == "note":
            update["note"] = body["note"]
        moved = IncidentView.model_validate({**held.model_dump(), **update})
        self.put(moved, actor, action)
        return moved

    def snapshot(self) -> Snapshot:
        opened = [incident for incident in self.incidents.values() if incident.closed_at is None]
        return Snapshot(seq=len(self.changes), now=now(), incidents=opened, homes=list(self.homes.values()))

    def detail(self, incident_id: int) -> IncidentDetail:
        asked = now() - timedelta(seconds=40)
        return IncidentDetail(
            incident=self.incidents[incident_id],
            timeline=self.timelines[incident_id],
            ladder=[
                RungView(step=1, name="李建军", relation="family", phone="+8613900000001", has_key=True,
                         state="declined", asked_at=asked, answered_at=asked + timedelta(seconds=9)),
                RungView(step=2, name="杨秀英", relation="neighbour", phone="+8613900000002", has_key=True,
                         state="asked", asked_at=asked + timedelta(seconds=10), answered_at=None),
                RungView(step=3, name="舒大山", relation="doctor", phone="+8613900000003", has_key=False,
                         state="waiting", asked_at=None, answered_at=None),
            ],
            messages=[
                MessageView(id=1, channel="sms", address="+86139****0001", state="delivered", attempts=1,
                            created_at=asked),
                MessageView(id=2, channel="ntfy", address="ntfy://…/yang", state="accepted", attempts=2,
                            created_at=asked + timedelta(seconds=10)),
            ],
            actions=allowed(self.incidents[incident_id]),
            resident_phone="+8613900000009",
            notes="听力差，请大声慢讲；院里有狗。",
        )  # fmt: skip

    def home_card(self, home_id: int) -> HomeCard:
        at = now() - timedelta(minutes=2)
        readings = (
            ("wrist", Quantity.HEART_RATE, 96.0), ("wrist", Quantity.SPO2, 95.0),
            ("climate", Quantity.TEMPERATURE, 21.4), ("hall", Quantity.MOTION, 0.0),
        )  # fmt: skip
        devices = (
            ("wrist", "wearable", ""),
            ("climate", "climate", "living_room"),
            ("hall", "motion", "hall"),
        )
        return HomeCard(
            id=home_id, key=f"h{home_id:03}", address="城北路1号", latitude=None, longitude=None, online=True,
            state_at=at, resident=None, contacts=[], events=[], opened=self.opened,
            withheld=[WithheldView(purpose=purpose, since=at) for purpose in self.withheld],
            devices=[DeviceView(name=name, kind=kind, room=room, last_at=at) for name, kind, room in devices],
            readings=[
                ReadingView(device=device, quantity=quantity, unit=quantity.unit, value=value,
                            quality=Quality.GOOD, observed_at=at)
                for device, quantity, value in readings
            ],
        )  # fmt: skip

    async def events(self, after: int) -> AsyncIterator[str]:
        seen, beat_at = after, 0.0
        loop = asyncio.get_running_loop()
        while not self.over:
            if not self.silent:
                for seq in range(seen + 1, len(self.changes) + 1):
                    topic, body = self.changes[seq - 1]
                    yield f"id: {seq}\nevent: {topic}\ndata: {json.dumps(body, ensure_ascii=False)}\n\n"
                seen = len(self.changes)
                if loop.time() >= beat_at:
                    beat_at = loop.time() + BEAT_S
                    yield f"event: hb\ndata: {json.dumps({'seq': seen, 'now': now().isoformat()})}\n\n"
            await asyncio.sleep(TICK_S)


def problem(status: int, code: str, **extra: Any) -> JSONResponse:
    return JSONResponse({"title": code, "status": status, "code": code, **extra}, status)


def session_routes(platform: Platform) -> APIRouter:
    """Signing in with the one password there is."""
    account = platform.account

    def me(**more: Any) -> dict[str, Any]:
        administers = ["administer"] if account.administers else []
        permissions = [] if platform.one_time else [*session()["permissions"], *administers]
        return session() | {"one_time": platform.one_time, "permissions": permissions} | more

    router = APIRouter(prefix="/api/v1/session")

    @router.post("")
    async def sign_in(body: Annotated[dict[str, str], Body()]) -> Response:
        if body["password"] != account.password:
            return problem(401, "sign_in_refused")
        owing = {"admin": "missing", "admin2": "owed"}.get(body["username"], "not_needed")
        nothing_yet: dict[str, Any] = {"permissions": []} if owing != "not_needed" else {}
        answer = JSONResponse(me(second_factor=owing, **nothing_yet))
        answer.set_cookie("session", body["username"], httponly=True, samesite="strict")
        return answer

    @router.get("")
    async def who_am_i(session_: Annotated[str | None, Cookie(alias="session")] = None) -> Response:
        return JSONResponse(me()) if session_ else problem(401, "signed_out")

    @router.get("/oidc/ways")
    async def ways() -> Response:
        return JSONResponse({"oidc": platform.elsewhere})

    @router.delete("")
    async def sign_out() -> Response:
        answer = Response(status_code=204)
        answer.delete_cookie("session")
        return answer

    @router.post("/second-factor")
    async def second_factor(body: Annotated[dict[str, str], Body()]) -> Response:
        good = body["code"] == CODE
        return (
            JSONResponse(session() | {"second_factor": "done"})
            if good
            else problem(403, "second_factor_refused")
        )

    return router


def account_routes(platform: Platform) -> APIRouter:
    """One's own sessions and password."""
    router = APIRouter(prefix="/api/v1")
    account = platform.account

    @router.get("/account/sessions")
    async def sessions() -> Response:
        found = {"second_factor_since": account.factor and account.factor.isoformat()}
        return JSONResponse(
            {"sessions": account.sessions, "recovery_codes_left": account.codes_left, **found}
        )

    @router.delete("/account/sessions")
    async def end_others() -> Response:
        account.sessions[:] = [one for one in account.sessions if one["current"]]
        return Response(status_code=204)

    @router.delete("/account/sessions/{number}")
    async def end(number: int) -> Response:
        account.sessions[:] = [one for one in account.sessions if one["id"] != number]
        return Response(status_code=204)

    @router.post("/account/password")
    async def password(body: Annotated[dict[str, str], Body()]) -> Response:
        if body["old"] != account.password:
            return problem(403, "password_refused")
        account.password, platform.one_time = body["new"], False
        return Response(status_code=204)

    return router


def token_routes(platform: Platform) -> APIRouter:
    """The services of the person's tenant."""
    router = APIRouter(prefix="/api/v1/tokens")
    account = platform.account

    @router.get("")
    async def tokens() -> Response:
        return JSONResponse({"tokens": account.tokens})

    @router.post("")
    async def draw(
        body: Annotated[dict[str, Any], Body()], idempotency_key: Annotated[str, Header()]
    ) -> Response:
        if idempotency_key in account.drawn:
            return problem(409, "shown_once")
        account.drawn.add(idempotency_key)
        made = account.let_in(body["name"], body["permissions"], body["days"])
        return JSONResponse({"id": made["id"], "token": TOKEN, "expires_at": made["expires_at"]})

    @router.delete("/{number}")
    async def revoke(number: int) -> Response:
        for token in account.tokens:
            if token["id"] == number:
                token["revoked_at"] = now().isoformat()
        return Response(status_code=204)

    return router


def factor_routes(platform: Platform) -> APIRouter:
    """Enrolling an authenticator: the very values that the platform makes."""
    router = APIRouter(prefix="/api/v1/account/second-factor")

    @router.post("")
    async def begin(body: Annotated[dict[str, str] | None, Body()] = None) -> Response:
        if platform.account.factor is not None and (body or {}).get("code") != CODE:
            return problem(403, "second_factor_refused")
        address = pyotp.TOTP(SECRET).provisioning_uri(name="admin", issuer_name="Anban")
        qr = segno.make(address, error="m").svg_data_uri(scale=5, border=4)
        return JSONResponse({"secret": SECRET, "address": address, "qr": qr})

    @router.post("/proof")
    async def prove(body: Annotated[dict[str, str], Body()]) -> Response:
        if body["code"] != CODE:
            return problem(403, "second_factor_refused")
        codes = [f"{number:04}-abcd-efgh" for number in range(10)]
        platform.account.factor, platform.account.codes_left = now(), len(codes)
        return JSONResponse({"me": session() | {"second_factor": "done"}, "recovery_codes": codes})

    return router


def queue_routes(platform: Platform) -> APIRouter:
    """Reading the board and following it."""
    router = APIRouter(prefix="/api/v1")

    @router.get("/snapshot")
    async def snapshot(session: Annotated[str | None, Cookie()] = None) -> Response:
        if not session:
            return problem(401, "signed_out")
        return JSONResponse(platform.snapshot().model_dump(mode="json"))

    @router.get("/stream")
    async def stream(after: int = 0) -> Response:
        return StreamingResponse(platform.events(after), media_type="text/event-stream")

    @router.get("/homes/{home_id}")
    async def home(home_id: int) -> Response:
        return JSONResponse(platform.home_card(home_id).model_dump(mode="json"))

    return router


def incident_routes(platform: Platform) -> APIRouter:
    """One incident, and what an operator does to it."""
    router = APIRouter(prefix="/api/v1/incidents/{incident_id}")

    @router.get("")
    async def incident(incident_id: int) -> Response:
        if incident_id not in platform.incidents:
            return problem(404, "not_found")
        return JSONResponse(platform.detail(incident_id).model_dump(mode="json"))

    @router.post("/{action}")
    async def act(
        incident_id: int, action: str, request: Request, body: Annotated[dict[str, Any], Body()]
    ) -> Response:
        key = request.headers["idempotency-key"]
        if key in platform.keys:
            platform.repeats += 1
            return JSONResponse(platform.keys[key])
        if platform.rival is not None:
            platform.act(incident_id, action, body, platform.rival)
            platform.rival = None
        held = platform.incidents[incident_id]
        if held.version != body["version"]:
            return problem(409, "conflict", current=held.model_dump(mode="json"))
        platform.commands.append((incident_id, action, body))
        platform.keys[key] = platform.act(incident_id, action, body, OPERATOR).model_dump(mode="json")
        if platform.answers_lost > 0:
            platform.answers_lost -= 1
            return problem(502, "bad_gateway")
        return JSONResponse(platform.keys[key])

    return router


def create_app(platform: Platform) -> FastAPI:
    """The routes of ``platform``, and the screens."""
    app = FastAPI(openapi_url=None)

    @app.middleware("http")
    async def check(request: Request, call_next: Any) -> Response:
        if platform.down and request.url.path.startswith("/api/"):
            return problem(503, "unavailable")
        if request.method not in {"GET", "HEAD"} and request.headers.get("x-anban") != "1":
            return problem(403, "no_intent")
        answer: Response = await call_next(request)
        return answer

    for router in (
        session_routes(platform),
        account_routes(platform),
        factor_routes(platform),
        token_routes(platform),
        queue_routes(platform),
        incident_routes(platform),
    ):
        app.include_router(router)
    dashboards.mount(app)
    return app


@contextmanager
def serve(platform: Platform) -> Iterator[str]:
    """Run ``platform`` on a free local port; gives its base address."""
    server = uvicorn.Server(
        uvicorn.Config(
            create_app(platform),
            host="127.0.0.1",
            port=0,
            log_level="warning",
            lifespan="off",
            timeout_graceful_shutdown=1,
        )
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        if not thread.is_alive():
            raise RuntimeError("the scripted platform did not start")
        threading.Event().wait(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        platform.over = True
        server.should_exit = True
        thread.join(timeout=60)
