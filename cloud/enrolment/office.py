"""The office of a cloud that gives certificates: who signs, who vouches for the broker, who asked in vain."""

from __future__ import annotations

from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Annotated

from fastapi import Depends, Request

from cloud.enrolment import authority
from cloud.enrolment.authority import Authority
from cloud.problems import ProblemError
from cloud.settings import Settings
from cloud.throttle import Throttle


@dataclass(frozen=True, slots=True)
class Office:
    """Who signs, who vouches for the broker (PEM), and how often one address has asked in vain.

    The count is not that of the sign-in: a gateway's success must not forgive somebody's wrong passwords.
    """

    authority: Authority
    vouching: str
    throttle: Throttle = field(default_factory=Throttle)


def configured(settings: Settings) -> Office | None:
    """The office that ``settings`` ask for; ``None`` when gateways do not enrol here.

    Raises:
        AuthorityError: a file of it cannot be used.
    """
    found = authority.configured(settings)
    if found is None:
        return None
    other = settings.enrolment.broker_ca_file
    return Office(found, authority.read_text(Path(other)) if other else found.pem)


def _office(request: Request) -> Office:
    found = request.app.state.office
    if not isinstance(found, Office):
        raise ProblemError(
            HTTPStatus.NOT_FOUND,
            "enrolment_off",
            "This cloud gives no certificates: set enrolment.host in its configuration.",
        )
    return found


Desk = Annotated[Office, Depends(_office)]
