"""For every operation of the API the request that does its work, as a function of whose things it names.

What this is: ``Things`` (the ids of what belongs to one tenant) and ``ORDERS``. What it is not: a test. The
one idea: one's own things and another tenant's have the same shape, so the request that succeeds for one's
own and the one that must fail differ in nothing but whose they are.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from cloud.incidents.model import IncidentState
from cloud.visits.ability.items import ITEMS
from tests.unit.cloud.town import NOON, PASSWORD


@dataclass(frozen=True, slots=True)
class Things:
    """What belongs to one tenant. ``neighbour``: the code of another tenant, to ask for help.

    ``username`` signs in as ``person``, ``session`` is one of theirs. ``access``: somebody broke the glass.
    ``free_username``, ``free_gateway``: names that nobody has; of another tenant's: names that it has.
    """

    tenant: int
    tenant_version: int
    code: str
    neighbour: str
    division: str
    home: int
    key: str
    resident: int
    contact: int
    gateway: str
    device: int
    person: int
    username: str
    session: int
    incident: int
    grant: int
    access: int
    claim: int
    token: int
    hold: int
    proposal: int
    mute: int
    handover: int
    responder: int
    centre: int
    worker: int
    shift: int
    account: int
    entry: int
    paper: int
    campaign: int
    order: int
    plan: int
    mend: int
    away: int
    visit: int
    tag: int
    file: int
    assessment: int
    phone: int
    free_username: str
    free_gateway: str


Asked = Callable[[Things], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Order:
    """One operation's request.

    ``state``: where its incident stands. ``before``: statements that make things ready. ``refused``: status
    of the answer when only this thing is another's, where that is not 404. ``filled``: the list in the answer
    that names something of one's own and nothing of another's. ``oneself``: it changes the sign-in of whoever
    asks. ``led``: whoever does not lead may do it of themselves only. ``sentence``: whether the body of a 200
    says that nothing was done.
    """

    query: Asked = lambda _: {}
    body: Asked | None = None
    state: IncidentState = IncidentState.RAISED
    before: tuple[str, ...] = ()
    refused: Mapping[str, int] = field(default_factory=dict)
    filled: str = ""
    oneself: bool = False
    led: bool = False
    sentence: Callable[[Any], bool] | None = None


NUMBERED: Final = {
    "divisions": "division", "tenants": "tenant", "staff": "person", "homes": "home", "residents": "resident",
    "contacts": "contact", "gateways": "gateway", "devices": "device", "plans": "home", "centres": "centre",
}  # fmt: skip
"""What ``{number}`` is in the register, by its kind."""
NAMED: Final = {"staff_id": "person"}
"""What an address calls otherwise than ``Things``."""
FIXED: Final = {"of": "raw", "month": "2026-10"}
"""Parts of an address that are nobody's."""

HOME: Final = {"division": "431202000000", "address": "new lane 3"}
RESIDENT: Final = {"name": "滕树英", "birth_year": 1938, "sex": "f"}
CONTACT: Final = {"name": "向明", "relation": "family", "phone": "+8613800000009"}
DEVICE: Final = {"kind": "bed_mat", "room": "bedroom"}
SERVICE: Final = {
    "kind": "service", "services": ["meals"], "weekdays": [1, 4], "open_min": 660, "due_min": 720,
    "since": "2026-11-21",
}  # fmt: skip
CENTRE: Final = {"latitude": 27.5, "longitude": 109.9}
PHONE: Final = {
    "endpoint": "https://web.push.apple.com/one",
    "p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
    "auth": "BTBZMqHH6r4Tts7J_aSIgg",
}
"""A browser's subscription; its keys are the example of RFC 8291."""
SHEET: Final = "编号,区划,地址,姓名,性别,出生年份\nsheet,鹤城区,新巷3号,滕树英,女,1938".encode()
SPAN: Final = {"begin": "2026-11-20T00:00:00Z", "end": "2026-11-20T12:00:00Z"}
DAYS: Final = {"since": "2026-11-19", "until": "2026-11-21"}
_S: Final = IncidentState


_OCTOBER: Final = (
    "alter table report disable trigger report_stays",
    "delete from report where tenant_id = %(tenant)s",
    "insert into report (tenant_id, month, version, counted_at, frozen_at, digest, cells)"
    " values (%(tenant)s, '2026-10-01', 1, '2026-11-04', '2026-11-04', repeat('0', 64), '[]')",
)
"""A frozen month that was never corrected; the test takes away what an order before it has left."""


def _version(**more: Any) -> Asked:
    return lambda _: {"version": 1, **more}


def _record(record: Asked, **more: Any) -> Asked:
    return lambda thing: {"version": 1, "record": record(thing), **more}


def _new(record: Asked, within: Asked = lambda _: {}) -> Asked:
    return lambda thing: {"record": record(thing), **within(thing)}


def _step(state: IncidentState = _S.ACKED, **more: Any) -> Order:
    return Order(body=_version(**more), state=state)


def _tenant(thing: Things) -> dict[str, Any]:
    return {
        "code": thing.code, "name": "renamed", "division": thing.division, "second_factor_roles": [],
    }  # fmt: skip


def _roster(thing: Things) -> dict[str, Any]:
    home = {**HOME, "key": thing.key, "division": thing.division, "resident": RESIDENT}
    person = {"username": thing.username, "password": PASSWORD, "role": "operator", "name": "新"}
    return {
        "divisions": [{"code": "431202000000", "name": "鹤城区"}],
        "tenant": _tenant(thing),
        "homes": [{**home, "gateway": {"id": thing.gateway, "shard": 1}}],
        "staff": [person],
    }


def _person(thing: Things) -> dict[str, Any]:
    return {"username": thing.username, "role": "caseworker", "name": "新", "homes": [thing.key]}


def _in_home(thing: Things) -> dict[str, Any]:
    return {"home_id": thing.home}


def _event(thing: Things) -> dict[str, Any]:
    return {
        "visit": str(UUID(int=thing.resident)), "key": str(UUID(int=2**64 + thing.resident)),
        "resident_id": thing.resident,
        "kind": "regular", "sort": "note", "device_at": NOON.isoformat(), "sent_at": NOON.isoformat(),
        "words": "the dog is loose",
    }  # fmt: skip


def _signature(thing: Things) -> dict[str, Any]:
    content = b64encode(b"\x89PNG\r\n\x1a\n").decode()
    return {"visit_id": thing.visit, "key": str(UUID(int=1)), "sort": "signature", "content": content}


def _assessment(thing: Things) -> dict[str, Any]:
    points = {item.key: item.best for item in ITEMS}
    return {
        "key": str(UUID(int=1)),
        "visit_id": thing.visit,
        "reason": "first",
        "assessed_on": "2026-11-20",
        "informant": "self",
        "points": points,
    }


RETIRE: Final = _version()
RETIRED_RESIDENT: Final = ("update resident set retired_at = now() where home_id = %(home)s",)
UNHINDERED: Final = (
    "update legal_hold set lifted_at = now() where resident_id = %(resident)s",
    "delete from emergency_access where home_id = %(home)s",
)
WISH: Final = (
    *UNHINDERED,
    "insert into erasure (resident_id, home_id, reason, actor, asked_by, asked_at)"
    " values (%(resident)s, %(home)s, 'x', 'x', %(person)s, now())",
)
CONSENT: Final = {
    "purpose": "vitals", "decision": "withdrawn", "by": "self", "how": "voice", "at": NOON.isoformat(),
}  # fmt: skip

FALSE_ALARMS: Final = (
    "delete from threshold_proposal where home_id = %(home)s",
    "with ended as (insert into incident (tenant_id, home_id, kind, family, priority, state, state_since,"
    " observed_at, opened_at, outcome, closed_at) select %(tenant)s, %(home)s, 'night_door', 'x', 2,"
    f" 'closed', at, at, at, 'C3', at from (select timestamptz '{NOON}' - interval '1 day' as at) as day,"
    " generate_series(1, 3) returning id, home_id, opened_at), linked as (insert into incident_alarm"
    " select 'false-' || id, id, home_id from ended) insert into alarm (alarm_id, home_id, gateway_id,"
    " device_id, kind, state, observed_at, stored_at, evidence) select 'false-' || id, home_id,"
    " %(gateway)s, %(device)s, 'night_door', said.state, opened_at + said.later, opened_at, said.evidence"
    " from ended, (values ('raised', interval '0', jsonb '{\"away_min\": 30}'),"
    " ('updated', interval '5 min', jsonb '{\"moved_again\": true}')) as said (state, later, evidence)",
)
"""Three alarms of the door that were none, and somebody moved five minutes after each."""

CALLED: Final = (
    "insert into callout_ask (incident_id, responder_id, asked_at, asked_by, night, travel_s, distance_m,"
    f" in_visit, has_key) select %(incident)s, id, '{NOON}', 'policy', false, 60, 100, false, false"
    " from responder where tenant_id = %(tenant)s on conflict do nothing",
)
"""Everybody of the register was asked to come; everybody who works here stands in it."""

ORDERS: Final[Mapping[str, Order]] = {
    # The console.
    "readSnapshot": Order(filled="incidents"),
    "followChanges": Order(query=lambda _: {"after": 0}),
    "readQueue": Order(filled="rows"),
    "readAlarmRate": Order(),
    "followWall": Order(),
    "readWorklist": Order(),
    "readShift": Order(filled="waiting"),
    "giveShift": Order(body=lambda _: {"note": "the line to the mill is out"}),
    "takeShift": Order(body=lambda thing: {"read": [thing.incident]}, refused={"incident": 409}),
    "listIncidents": Order(query=_in_home, filled="items"),
    "readIncident": Order(),
    "actOnIncidents": Order(
        body=lambda thing: {"actions": [{"incident_id": thing.incident, "action": "ack", "version": 1}]},
        sentence=lambda said: {answer["status"] for answer in said["answers"]} == {404},
    ),
    "acknowledgeIncident": _step(_S.RAISED),
    "speakWithResident": _step(),
    "answerOfScript": _step(_S.VOICE, question="breathing", yes=True),
    "triageIncident": _step(priority=2),
    "dispatchResponder": _step(responder="小李", eta_minutes=5),
    "arriveAtHome": _step(_S.EN_ROUTE),
    "enterHome": _step(_S.ON_SITE),
    "reportOutcome": _step(_S.ON_SITE, outcome="A2", note="on the floor"),
    "callEmergencyService": _step(service="120"),
    "monitorIncident": _step(),
    "noteOnIncident": _step(_S.RAISED, note="on the phone"),
    "closeIncident": _step(outcome="C1"),
    "followUpIncident": _step(_S.RESOLVED),
    "reopenIncident": _step(_S.RESOLVED),
    "shareIncident": Order(
        body=lambda thing: {"version": 1, "tenant": thing.neighbour, "reason": "the bridge is out"},
        before=("delete from incident_grant where incident_id = %(incident)s",),
        refused={"neighbour": 409, "all": 409},  # "all" asks for another's incident to be shared with oneself
    ),
    "listGrants": Order(filled="grants"),
    "takeBackIncident": Order(),
    "listMutes": Order(query=_in_home, filled="items"),
    "muteHome": Order(body=lambda _: {"why": "hospital", "reason": "a new hip", "hours": 48}),
    "endMute": Order(),
    # Who may be called.
    "listResponders": Order(filled="items"),
    "readResponder": Order(),
    "addResponder": Order(body=lambda _: {"kind": "neighbour", "name": "龙", "consent_how": "paper"}),
    "changeResponder": Order(body=lambda _: {"phone": "13700000001"}),
    "withdrawResponder": Order(),
    "tieResponder": Order(body=lambda _: {"has_key": True}),
    "callForMyself": Order(body=lambda _: {"place": {"latitude": 27.6, "longitude": 110.0, "accuracy_m": 9}}),
    "untieResponder": Order(),
    "listShifts": Order(),
    "addShift": Order(
        body=lambda _: {"begin_at": "2026-11-21T00:00:00Z", "end_at": "2026-11-21T08:00:00Z"},
        before=("delete from duty_shift where responder_id = %(worker)s",),
    ),
    "dropShift": Order(),
    "readMyDuty": Order(),
    "putMyDuty": Order(body=lambda _: {"on": True}),
    "iAmHere": Order(body=lambda _: {"latitude": 27.6, "longitude": 110.0}),
    "answerMyAsk": Order(body=lambda _: {"said": "accept"}, before=CALLED),
    "sayMyWord": Order(body=lambda _: {"word": "well"}, before=CALLED),
    "readCallout": Order(),
    "askResponder": Order(body=lambda thing: {"responder_id": thing.responder}, refused={"responder": 409}),
    "relieveResponder": Order(before=CALLED, refused={"responder": 409}),
    "answerForResponder": Order(body=lambda _: {"said": "accept"}, before=CALLED, refused={"responder": 409}),
    "readStandby": Order(filled="posts"),
    "readMap": Order(filled="helpers"),
    # Homes and consents.
    "readHome": Order(),
    "readSeries": Order(query=lambda _: {"quantity": "heart_rate", **SPAN}),
    "listFollowed": Order(filled="homes"),
    "readFollowed": Order(),
    "readWishes": Order(filled="phones"),
    "putWishes": Order(body=lambda _: {"quiet_from": "22:00", "quiet_until": "06:30", "detail": True}),
    "listHushes": Order(filled="hushes"),
    "hushHome": Order(body=lambda _: {"kinds": ["routine"], "reason": "night shifts", "hours": 24}),
    "endHush": Order(),
    "addPhone": Order(body=lambda _: dict(PHONE), before=("delete from push_subscription",)),
    "removePhone": Order(),
    "readActivity": Order(query=lambda _: SPAN),
    "readPlaces": Order(),
    "readHomeEvents": Order(query=lambda _: SPAN),
    "readHomeTrail": Order(),
    "readConsents": Order(),
    "recordConsent": Order(body=lambda _: dict(CONSENT)),
    "breakGlass": Order(body=lambda _: {"reason": "unconscious"}),
    "listEmergencyAccess": Order(filled="items"),
    "reviewEmergencyAccess": Order(body=lambda _: {"justified": True}),
    # A person's rights.
    "exportPerson": Order(),
    "readErasure": Order(),
    "askErasure": Order(body=lambda _: {"reason": "moved away"}, state=_S.CLOSED, before=UNHINDERED),
    "confirmErasure": Order(state=_S.CLOSED, before=WISH),
    "withdrawErasure": Order(before=WISH),
    "listHolds": Order(filled="items"),
    "placeHold": Order(body=lambda _: {"reason": "a court asks"}, before=UNHINDERED),
    "liftHold": Order(),
    "listDeletions": Order(filled="items"),
    "readRetention": Order(filled="kept"),
    "setRetention": Order(body=lambda _: {"days": 60}),
    # Learning from outcomes.
    "readRuleReport": Order(filled="rules"),
    "listProposals": Order(query=_in_home, filled="items"),
    "proposeThresholds": Order(
        body=lambda _: {}, before=FALSE_ALARMS, sentence=lambda said: not said["made"]
    ),
    "approveProposal": Order(body=_version(reason="the neighbour's cat")),
    "refuseProposal": Order(body=_version(reason="better too often")),
    # Hours.
    "readTimeRules": Order(),
    "putTimeRules": Order(body=lambda _: {"day_min": 120, "held_min": 36_000, "donates": True}),
    "listTimeAccounts": Order(filled="items"),
    "openTimeAccount": Order(body=lambda thing: {"staff_id": thing.person}),
    "closeTimeAccount": Order(before=("delete from time_entry where id = %(entry)s",)),
    "bookVisit": Order(
        body=lambda thing: {
            "began_at": "2026-11-20T09:00:00Z",
            "ended_at": "2026-11-20T10:00:00Z",
            "source": f"visit:{thing.account}",
        }
    ),
    "giveTime": Order(body=lambda _: {"kind": "donate", "minutes": 60, "source": "wish"}),
    "listTimeEntries": Order(query=lambda thing: {"account_id": thing.account}, filled="items"),
    "undoTime": Order(body=lambda _: {"source": "the wrong person"}),
    "certifyTime": Order(body=lambda _: {"since": "2026-11-01", "until": "2026-11-30"}),
    "checkTimeCertificate": Order(
        body=lambda thing: {"number": thing.paper, "holder": "向秀英", "code": "0000-0000-0000-0000"}
    ),
    # Visits.
    "readOwnDay": Order(),
    "findDoors": Order(query=lambda _: {"q": "e"}, filled="items"),
    "readVisitForms": Order(),
    "readOwnHours": Order(),
    "readVisitRule": Order(),
    "putVisitRule": Order(
        body=lambda _: {
            "high_days": 7,
            "key_days": 30,
            "general_days": 90,
            "special_days": 30,
            "physical_days": 90,
            "trend_h": 168,
            "emergency_h": 72,
            "change_h": 24,
            "counts": ["home", "phone"],
        }
    ),
    "listCampaigns": Order(filled="campaigns"),
    "proposeCampaigns": Order(),
    "addCampaign": Order(
        body=lambda _: {
            "name": "寒潮",
            "occasion": "cold",
            "since": "2026-11-20T00:00:00Z",
            "due_at": "2026-11-23T00:00:00Z",
            "until": "2026-11-30T00:00:00Z",
            "groups": ["high"],
            "ways": ["home", "phone"],
        }
    ),
    "endCampaign": Order(),
    "listDuties": Order(query=lambda thing: {"division": thing.division}, filled="items"),
    "readDuty": Order(),
    "putProfile": Order(body=lambda _: {"difficulties": [], "conditions": ["dementia"]}),
    "addAbsence": Order(body=lambda _: {"why": "hospital", "since": "2026-11-19T08:00:00Z"}),
    "endAbsence": Order(body=lambda _: {"at": "2026-11-20T08:00:00Z"}),
    "reportConcern": Order(body=lambda _: {"words": "she does not eat"}),
    "readVisitRate": Order(query=lambda _: DAYS, filled="areas"),
    "readVisitRatePeople": Order(query=lambda _: {**DAYS, "standing": "nobody_came"}, filled="people"),
    "listVisitWorkers": Order(filled="workers"),
    "putVisitWorker": Order(
        body=lambda _: {
            "township": "431202001",
            "skills": ["nursing"],
            "mode": "car",
            "latitude": 27.5,
            "longitude": 109.9,
            "begin_min": 480,
            "end_min": 1020,
            "rests": True,
        }
    ),
    "listDayPlans": Order(query=lambda _: {"day": "2026-11-21"}, filled="plans"),
    "askForDayPlan": Order(body=lambda _: {"day": "2026-11-22"}),
    "whyNotToday": Order(),
    "listServiceOrders": Order(query=_in_home, filled="orders"),
    "addServiceOrder": Order(body=lambda thing: {**SERVICE, "resident_id": thing.resident}),
    "putServiceOrder": Order(body=lambda _: {**SERVICE, "version": 1}),
    "pauseServiceOrder": Order(body=lambda _: {"why": "hospital", "since": "2026-11-21"}),
    "resumeServiceOrder": Order(body=lambda _: {"day": "2026-11-23"}),
    "endServiceOrder": Order(),
    "listVisitWorkersAway": Order(filled="away"),
    "sayVisitWorkerAway": Order(body=lambda _: {"why": "leave"}, led=True),
    "endVisitWorkerAway": Order(body=lambda _: {"back_at": "2026-11-22T00:00:00Z"}, led=True),
    "listDayMends": Order(query=lambda _: {"day": "2026-11-21"}, filled="mends"),
    "askForDayMend": Order(body=lambda _: {}),
    "listMovedVisits": Order(),
    "listVisits": Order(query=_in_home, filled="items"),
    "planVisit": Order(
        body=lambda thing: {"resident_id": thing.resident, "kind": "regular", "workers": [thing.person]}
    ),
    "tellOfVisit": Order(body=_event),
    "readVisit": Order(),
    "moveVisit": Order(body=lambda thing: {"workers": [thing.person], "planned_at": "2026-11-21T02:00:00Z"}),
    "cancelVisit": Order(body=lambda _: {"why": "snow"}),
    "vouchForVisit": Order(body=lambda _: {"key": str(UUID(int=7)), "words": "I met him at the gate"}),
    "attachToVisit": Order(body=_signature),
    "readVisitFile": Order(),
    "readAbility": Order(),
    "addAssessment": Order(body=_assessment),
    "signAssessment": Order(body=lambda _: {"agrees": True}),
    "addCareEvent": Order(body=lambda _: {"kind": "fall", "on_day": "2026-11-19"}),
    "listTags": Order(filled="tags"),
    "addTag": Order(),
    "withdrawTag": Order(),
    "drawTags": Order(
        body=lambda thing: {"division": thing.division, "again": True}, refused={"division": 201, "all": 201}
    ),
    # Figures, tenants, the trail.
    "readFigures": Order(filled="own"),
    "listIndicators": Order(filled="indicators"),
    "listReportMonths": Order(filled="months"),
    "readReport": Order(filled="tenants"),
    "readTrend": Order(filled="months"),
    "downloadReport": Order(query=lambda _: {"form": "csv"}),
    "listReportRows": Order(query=lambda _: {"indicator": "coverage"}, filled="items"),
    "correctReport": Order(body=lambda _: {"version": 1, "why": "a record came late"}, before=_OCTOBER),
    "listReviews": Order(query=lambda _: {"limit": 200}, filled="items"),
    "reviewIncident": Order(body=lambda _: {"verdict": "good"}, state=_S.CLOSED),
    "listTenants": Order(filled="tenants"),
    "readUsage": Order(query=lambda _: DAYS, filled="usage"),
    "equipTenant": Order(body=lambda _: {"modules": ["monitoring", "reports"], "quotas": {"homes": 900}}),
    "readAuditTrail": Order(query=_in_home, filled="items"),
    # Gateways.
    "drawClaim": Order(body=lambda thing: {"home_id": thing.home, "gateway_id": thing.gateway}),
    "listClaims": Order(filled="claims"),
    "withdrawClaim": Order(),
    "listCertificates": Order(filled="certificates"),
    "revokeGateway": Order(),
    # People and services.
    "endSessionsOf": Order(),
    "forgetSecondFactorOf": Order(),
    "writeIdentityOf": Order(body=lambda thing: {"value": f"person {thing.person}"}),
    "drawToken": Order(body=lambda _: {"name": "clinic", "permissions": ["read_home"]}),
    "listTokens": Order(filled="tokens"),
    "revokeToken": Order(),
    "whoAmI": Order(),
    "listSessions": Order(filled="sessions"),
    "endSession": Order(oneself=True),
    "endOtherSessions": Order(oneself=True),
    "provePresence": Order(body=lambda _: {"password": PASSWORD}),
    "beginSecondFactor": Order(oneself=True),
    "changePassword": Order(body=lambda _: {"old": PASSWORD, "new": f"new {PASSWORD}"}, oneself=True),
    "signOut": Order(oneself=True),
    # Numbers by name.
    "findHomes": Order(query=lambda thing: {"q": thing.key}, filled="items"),
    "findResidents": Order(query=lambda thing: {"q": thing.key}, filled="items"),
    "findStaff": Order(query=lambda thing: {"q": thing.username}, filled="items"),
    "findTimeAccounts": Order(filled="items"),
    # The register.
    "importRoster": Order(body=_roster, sentence=lambda said: not said["loaded"]),
    "importResidents": Order(body=lambda _: {"form": "csv", "content": b64encode(SHEET).decode()}),
    "listDivisionRecords": Order(filled="items"),
    "readDivisionRecord": Order(refused={"division": 200}),
    "listTenantRecords": Order(filled="items"),
    "readTenantRecord": Order(),
    "changeTenantRecord": Order(
        body=lambda thing: {"version": thing.tenant_version, "record": _tenant(thing)},
        refused={"code": 422, "division": 409, "tenant_version": 409},
    ),
    "listPersonRecords": Order(filled="items"),
    "readPersonRecord": Order(),
    "addPersonRecord": Order(
        body=_new(lambda thing: {**_person(thing), "username": thing.free_username, "password": PASSWORD}),
        refused={"key": 422, "free_username": 409, "all": 409},
    ),
    "changePersonRecord": Order(body=_record(_person), refused={"username": 422, "key": 422}),
    "retirePersonRecord": Order(body=RETIRE),
    "listHomeRecords": Order(query=lambda thing: {"key": thing.key}, filled="items"),
    "readHomeRecord": Order(),
    "addHomeRecord": Order(body=_new(lambda _: {**HOME, "key": "new"})),
    "changeHomeRecord": Order(body=_record(lambda thing: {**HOME, "key": thing.key}), refused={"key": 422}),
    "retireHomeRecord": Order(body=RETIRE, state=_S.CLOSED),
    "listResidentRecords": Order(query=_in_home, filled="items"),
    "readResidentRecord": Order(),
    "addResidentRecord": Order(body=_new(lambda _: RESIDENT, _in_home), before=RETIRED_RESIDENT),
    "changeResidentRecord": Order(body=_record(lambda _: RESIDENT)),
    "retireResidentRecord": Order(body=RETIRE),
    "listContactRecords": Order(query=_in_home, filled="items"),
    "readContactRecord": Order(),
    "addContactRecord": Order(body=_new(lambda _: {**CONTACT, "rank": 2}, _in_home)),
    "changeContactRecord": Order(body=_record(lambda _: {**CONTACT, "rank": 1})),
    "retireContactRecord": Order(body=RETIRE),
    "listGatewayRecords": Order(query=_in_home, filled="items"),
    "readGatewayRecord": Order(),
    "addGatewayRecord": Order(
        body=_new(lambda thing: {"id": thing.free_gateway, "shard": 7}, _in_home),
        refused={"free_gateway": 409},
    ),
    "changeGatewayRecord": Order(body=_record(lambda thing: {"id": thing.gateway, "shard": 9})),
    "retireGatewayRecord": Order(body=RETIRE),
    "listDeviceRecords": Order(
        query=lambda thing: {"home_id": thing.home, "gateway_id": thing.gateway}, filled="items"
    ),
    "readDeviceRecord": Order(),
    "addDeviceRecord": Order(
        body=_new(lambda _: {**DEVICE, "name": "bed"}, lambda thing: {"gateway_id": thing.gateway})
    ),
    "changeDeviceRecord": Order(body=_record(lambda _: {**DEVICE, "name": "pendant"})),
    "retireDeviceRecord": Order(body=RETIRE),
    "listCentreRecords": Order(filled="items"),
    "readCentreRecord": Order(),
    "addCentreRecord": Order(
        body=_new(lambda _: {**CENTRE, "name": "new"}),
        before=("update centre set retired_at = now() where tenant_id = %(tenant)s and name = 'new'",),
    ),
    "changeCentreRecord": Order(body=_record(lambda thing: {**CENTRE, "name": f"station {thing.centre}"})),
    "retireCentreRecord": Order(body=RETIRE),
    "listPlanRecords": Order(filled="items"),
    "readPlanRecord": Order(),
    "changePlanRecord": Order(body=lambda _: {"version": 0, "record": {}}),
}

BY_SECRET: Final[Mapping[str, str]] = {
    "signIn": "a name and a password",
    "completeSignIn": "a code of one's own authenticator",
    "proveSecondFactor": "a code of one's own authenticator",
    "signInElsewhere": "leads to the provider",
    "signedInElsewhere": "the provider's word, bound to the browser",
    "waysToSignIn": "tells what the provider is called",
    "enrolGateway": "a claim's code",
    "renewGateway": "a certificate's key",
    "answerRequest": "the token in a message",
    "answerPage": "shows two buttons to anybody",
    "answerByPage": "the token in a message",
    "takeText": "the token in the provider's address",
    "takeReceipts": "the token in the provider's address",
    "takeReplies": "the token in the provider's address",
    "readMapLayer": "outlines of counties are the same for everybody",
    "readTile": "a picture of the earth is the same for everybody",
    "getReleaseFile": "the program of gateways is public",
    "health": "one word",
    "ready": "one word",
}
"""Operations by which nobody names anything of a tenant: a secret of their own says whose it is."""
