"""A platform with a script: real HTTP, a real event stream, the real views, and a plot the test writes.

What this is: the part of ``/api/v1`` a console uses, in memory, with switches for the faults (silence, refusal,
another operator who was faster). What it is not: the rules of incidents; ``cloud`` has those, and one flow of
these tests runs against the whole of it. The one idea: a browser test must decide what happens and when.
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

import uvicorn
from fastapi import Body, Cookie, FastAPI, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse

import dashboards
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

PASSWORD: Final = "correct horse battery"
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
SESSION: Final = {
    "name": "向玉珍",
    "role": "operator",
    "locale": "zh-Hans",
    "permissions": ["read_queue", "handle_incident", "read_home"],
}


def now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Platform:
    """What the script holds. Fields are changed by the test, read by the server's thread."""

    incidents: dict[int, IncidentView] = field(default_factory=dict)
    homes: dict[int, HomeView] = field(default_factory=dict)
    timelines: dict[int, list[TimelineEntry]] = field(default_factory=dict)
    changes: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    commands: list[tuple[int, str, dict[str, Any]]] = field(default_factory=list)
    keys: dict[str, dict[str, Any]] = field(default_factory=dict)
    silent: bool = False
    down: bool = False
    rival: str | None = None

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
            actions=["siren", "voice"],
            resident_phone="+8613900000009",
            notes="听力差，请大声慢讲；院里有狗。",
        )  # fmt: skip

    async def events(self, after: int) -> AsyncIterator[str]:
        seen, beat_at = after, 0.0
        loop = asyncio.get_running_loop()
        while True:
            if not self.silent:
                for seq in range(seen + 1, len(self.changes) + 1):
                    topic, body = self.changes[seq - 1]
                    yield f"id: {seq}\nevent: {topic}\ndata: {json.dumps(body, ensure_ascii=False)}\n\n"
                seen = len(self.changes)
                if loop.time() >= beat_at:
                    beat_at = loop.time() + BEAT_S
                    yield f"event: hb\ndata: {json.dumps({'seq': seen, 'now': now().isoformat()})}\n\n"
            await asyncio.sleep(TICK_S)


def create_app(platform: Platform) -> FastAPI:
    """The routes of ``platform``, and the screens."""
    app = FastAPI(openapi_url=None)

    def problem(status: int, code: str, **extra: Any) -> JSONResponse:
        return JSONResponse({"title": code, "status": status, "code": code, **extra}, status)

    @app.middleware("http")
    async def be_down(request: Request, call_next: Any) -> Response:
        if platform.down and request.url.path.startswith("/api/"):
            return problem(503, "unavailable")
        if request.method not in {"GET", "HEAD"} and request.headers.get("x-anban") != "1":
            return problem(403, "no_intent")
        answer: Response = await call_next(request)
        return answer

    @app.post("/api/v1/session")
    async def sign_in(body: Annotated[dict[str, str], Body()]) -> Response:
        if body["password"] != PASSWORD:
            return problem(401, "wrong_credentials")
        answer = JSONResponse(SESSION)
        answer.set_cookie("session", body["username"], httponly=True, samesite="strict")
        return answer

    @app.get("/api/v1/session")
    async def who_am_i(session: Annotated[str | None, Cookie()] = None) -> Response:
        return JSONResponse(SESSION) if session else problem(401, "signed_out")

    @app.delete("/api/v1/session")
    async def sign_out() -> Response:
        answer = Response(status_code=204)
        answer.delete_cookie("session")
        return answer

    @app.get("/api/v1/snapshot")
    async def snapshot(session: Annotated[str | None, Cookie()] = None) -> Response:
        if not session:
            return problem(401, "signed_out")
        return JSONResponse(platform.snapshot().model_dump(mode="json"))

    @app.get("/api/v1/stream")
    async def stream(after: int = 0) -> Response:
        return StreamingResponse(platform.events(after), media_type="text/event-stream")

    @app.get("/api/v1/incidents/{incident_id}")
    async def incident(incident_id: int) -> Response:
        if incident_id not in platform.incidents:
            return problem(404, "not_found")
        return JSONResponse(platform.detail(incident_id).model_dump(mode="json"))

    @app.post("/api/v1/incidents/{incident_id}/{action}")
    async def act(
        incident_id: int, action: str, request: Request, body: Annotated[dict[str, Any], Body()]
    ) -> Response:
        key = request.headers["idempotency-key"]
        if key in platform.keys:
            return JSONResponse(platform.keys[key])
        if platform.rival is not None:
            platform.act(incident_id, action, body, platform.rival)
            platform.rival = None
        held = platform.incidents[incident_id]
        if held.version != body["version"]:
            return problem(409, "conflict", current=held.model_dump(mode="json"))
        platform.commands.append((incident_id, action, body))
        platform.keys[key] = platform.act(incident_id, action, body, SESSION["name"]).model_dump(mode="json")
        return JSONResponse(platform.keys[key])

    dashboards.mount(app)
    return app


@contextmanager
def serve(app: FastAPI) -> Iterator[str]:
    """Run ``app`` on a free local port; gives its base address."""
    server = uvicorn.Server(
        uvicorn.Config(
            app, host="127.0.0.1", port=0, log_level="warning", lifespan="off", timeout_graceful_shutdown=1
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
        server.should_exit = True
        thread.join(timeout=10)
