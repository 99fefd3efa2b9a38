"""What the register's routes take and give: a record as the roster has it, with its number and its version.

The one idea: one shape for every kind, so that whoever has learned one route knows all of them.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from cloud.auth import Role
from cloud.cursors import Asked

R = TypeVar("R")
"""A record of the roster."""

Version = Annotated[int, Field(ge=0, lt=2**53, description="of the record that the person was looking at")]
HomeNumber = Annotated[int, Field(ge=1, lt=2**31)]
GatewayName = Annotated[str, Field(min_length=2, max_length=48, pattern="^[A-Za-z0-9-]+$")]
DivisionCode = Annotated[str, Field(pattern="^[0-9]{12}$")]
Words = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")]
Order = Literal["number", "newest", "name"]
"""How a list is sorted: the oldest first, the newest first, or by name."""


class Kept(BaseModel, Generic[R]):
    """One record as it is kept. ``retired_at``: since when it is out of use; it never vanishes.

    ``home_id``, ``gateway_id``: what it belongs to, where it belongs to one; ``home_key``: that home's name.
    ``division_name``: what the division is called whose code the record holds.
    """

    id: int | str
    version: int = 1
    retired_at: datetime | None = None
    home_id: int | None = None
    home_key: str | None = None
    gateway_id: str | None = None
    division_name: str | None = None
    record: R


class _Said(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class New(_Said, Generic[R]):
    """A record to be added."""

    record: R

    @property
    def within(self) -> dict[str, int | str]:
        """What it shall belong to."""
        return self.model_dump(exclude={"record"})


class NewInHome(New[R], Generic[R]):
    """A record to be added to a home."""

    home_id: HomeNumber


class NewAtGateway(New[R], Generic[R]):
    """A record to be added to a gateway."""

    gateway_id: GatewayName


class Change(_Said, Generic[R]):
    """The whole record as it shall be."""

    version: Version
    record: R


class Retire(_Said):
    """The record goes out of use."""

    version: Version


class Living(Asked):
    """``retired``: show the retired ones, too."""

    retired: bool = False


class Searched(Living):
    """``q``: words that stand in it, or in the key or address of its home, whatever their case."""

    q: Words | None = None


class Sorted(Searched):
    """Records that are sorted as one likes."""

    sort: Order = "number"


class OfHome(Sorted):
    """Records that belong to a home."""

    home_id: HomeNumber | None = None


class Gateways(Searched):
    """Gateways, by id."""

    home_id: HomeNumber | None = None


class Homes(Sorted):
    """Homes."""

    division: DivisionCode | None = None
    key: Annotated[str | None, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")] = None


class Staff(Sorted):
    """People who sign in."""

    role: Role | None = None


class Devices(OfHome):
    """Devices."""

    gateway_id: GatewayName | None = None


class Divisions(Asked):
    """Divisions. ``parent``: those directly below it. ``q``: words that stand in its name, or its code."""

    parent: DivisionCode | None = None
    q: Words | None = None
