"""The bodies of the register's routes, kind by kind, each with a name of its own in the document.

What this is: names; every content is a struct of the roster (``rules``). What it is not: behaviour.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import Path

from cloud.cursors import Page
from cloud.people import roster
from cloud.register import kinds
from cloud.register.desk import Kind
from cloud.register.model import Change, Kept, New, NewAtGateway, NewInHome
from cloud.register.rules import Ruled
from firmware_protocols.wire.plan import Plan

Number = Annotated[int, Path(ge=1, lt=2**31, description="number of the record")]
Gateway = Annotated[str, Path(min_length=2, max_length=48, pattern="^[A-Za-z0-9-]+$")]
Code = Annotated[str, Path(pattern="^[0-9]{12}$", description="statistics code")]

DivisionRecord = Annotated[roster.Division, Ruled(roster.Division)]
TenantRecord = Annotated[roster.Tenant, Ruled(roster.Tenant)]
PersonRecord = Annotated[roster.Person, Ruled(roster.Person)]
NewPersonRecord = Annotated[roster.Staff, Ruled(roster.Staff)]
ChangedPersonRecord = Annotated[kinds.Changed, Ruled(kinds.Changed)]
HomeRecord = Annotated[roster.Place, Ruled(roster.Place)]
ResidentRecord = Annotated[roster.Resident, Ruled(roster.Resident)]
ContactRecord = Annotated[roster.Contact, Ruled(roster.Contact)]
GatewayRecord = Annotated[roster.Gateway, Ruled(roster.Gateway)]
DeviceRecord = Annotated[roster.Device, Ruled(roster.Device)]
CentreRecord = Annotated[roster.Centre, Ruled(roster.Centre)]
PlanRecord = Annotated[Plan, Ruled(Plan)]


class KeptDivision(Kept[DivisionRecord]):
    """An administrative division."""


class DivisionPage(Page[KeptDivision]):
    """Some divisions, by code."""


class KeptTenant(Kept[TenantRecord]):
    """An organisation that answers."""


class TenantPage(Page[KeptTenant]):
    """Some tenants."""


class ChangeTenant(Change[TenantRecord]):
    """A tenant as it shall be."""


class KeptPerson(Kept[PersonRecord]):
    """Someone who signs in; the password goes in and never comes out."""


class PersonPage(Page[KeptPerson]):
    """Some people."""


class NewPerson(New[NewPersonRecord]):
    """Someone who shall sign in."""


class ChangePerson(Change[ChangedPersonRecord]):
    """A person as they shall be."""


class KeptHome(Kept[HomeRecord]):
    """A home."""


class HomePage(Page[KeptHome]):
    """Some homes."""


class NewHome(New[HomeRecord]):
    """A home of one's own tenant."""


class ChangeHome(Change[HomeRecord]):
    """A home as it shall be."""


class KeptResident(Kept[ResidentRecord]):
    """Who lives there."""


class ResidentPage(Page[KeptResident]):
    """Some residents."""


class NewResident(NewInHome[ResidentRecord]):
    """Somebody moves in."""


class ChangeResident(Change[ResidentRecord]):
    """A resident as they shall be."""


class KeptContact(Kept[ContactRecord]):
    """One member of a care circle."""


class ContactPage(Page[KeptContact]):
    """Some contacts."""


class NewContact(NewInHome[ContactRecord]):
    """Somebody joins a care circle."""


class ChangeContact(Change[ContactRecord]):
    """A contact as it shall be."""


class KeptGateway(Kept[GatewayRecord]):
    """A gateway; the secret goes in and never comes out."""


class GatewayPage(Page[KeptGateway]):
    """Some gateways, by id."""


class NewGateway(NewInHome[GatewayRecord]):
    """A gateway for a home."""


class ChangeGateway(Change[GatewayRecord]):
    """A gateway as it shall be; without a secret it keeps the one it has."""


class KeptDevice(Kept[DeviceRecord]):
    """A device that a gateway names."""


class DevicePage(Page[KeptDevice]):
    """Some devices."""


class NewDevice(NewAtGateway[DeviceRecord]):
    """A device at a gateway."""


class ChangeDevice(Change[DeviceRecord]):
    """A device as it shall be."""


class KeptCentre(Kept[CentreRecord]):
    """Where workers start from."""


class CentrePage(Page[KeptCentre]):
    """Some centres."""


class NewCentre(New[CentreRecord]):
    """A centre of one's own tenant."""


class ChangeCentre(Change[CentreRecord]):
    """A centre as it shall be."""


class KeptPlan(Kept[PlanRecord]):
    """The plan of a home, under the home's number; version 0: it goes by the defaults."""


class PlanPage(Page[KeptPlan]):
    """The plans of some homes."""


class ChangePlan(Change[PlanRecord]):
    """A plan as it shall be."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """The models of one kind's routes. ``one``: the noun in the operations' names."""

    kind: Kind[Any]
    one: str
    number: Any
    kept: type[Kept[Any]]
    page: type[Page[Any]]
    new: type[New[Any]] | None = None
    change: type[Change[Any]] | None = None


SHELVES: Final = (
    Shelf(kinds.DIVISIONS, "Division", Code, KeptDivision, DivisionPage),
    Shelf(kinds.TENANTS, "Tenant", Number, KeptTenant, TenantPage, change=ChangeTenant),
    Shelf(kinds.STAFF, "Person", Number, KeptPerson, PersonPage, NewPerson, ChangePerson),
    Shelf(kinds.HOMES, "Home", Number, KeptHome, HomePage, NewHome, ChangeHome),
    Shelf(kinds.RESIDENTS, "Resident", Number, KeptResident, ResidentPage, NewResident, ChangeResident),
    Shelf(kinds.CONTACTS, "Contact", Number, KeptContact, ContactPage, NewContact, ChangeContact),
    Shelf(kinds.GATEWAYS, "Gateway", Gateway, KeptGateway, GatewayPage, NewGateway, ChangeGateway),
    Shelf(kinds.DEVICES, "Device", Number, KeptDevice, DevicePage, NewDevice, ChangeDevice),
    Shelf(kinds.CENTRES, "Centre", Number, KeptCentre, CentrePage, NewCentre, ChangeCentre),
    Shelf(kinds.PLANS, "Plan", Number, KeptPlan, PlanPage, change=ChangePlan),
)
