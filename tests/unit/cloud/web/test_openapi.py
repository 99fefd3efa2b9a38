"""The OpenAPI document: the contract that the screens' types are made from."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest

from cloud.guard import SAFE_METHODS
from cloud.openapi import DOCUMENT, document
from cloud.problems import MEDIA_TYPE
from cloud.web import API, INTENT_FREE

CONTRACT: Final[dict[str, Any]] = json.loads(DOCUMENT.read_bytes())
"""The kept document: whoever collects the tests reads it, and the application takes a second to tell it."""
OPERATIONS: Final = [
    (path, method, operation)
    for path, methods in CONTRACT["paths"].items()
    for method, operation in methods.items()
]

BYTES: Final = {"type": "string", "format": "binary"}


def test_the_kept_document_is_the_application_as_it_is() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == document(), "run: python -m cloud.openapi"


def test_operation_ids_are_names_and_unique() -> None:
    ids = [operation["operationId"] for _, _, operation in OPERATIONS]
    assert all(name.isidentifier() for name in ids)
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize(("path", "method", "operation"), OPERATIONS)
def test_every_operation_says_what_it_does_and_how_it_fails(
    path: str, method: str, operation: dict[str, Any]
) -> None:
    assert operation["summary"]
    assert operation["description"]
    assert operation["tags"]
    failures = {status: entry for status, entry in operation["responses"].items() if status >= "400"}
    assert {"422", "500", "503"} <= set(failures)
    for entry in failures.values():
        assert list(entry["content"]) == [MEDIA_TYPE]
        assert entry["content"][MEDIA_TYPE]["schema"] == {"$ref": "#/components/schemas/Problem"}
    headers = {parameter["name"] for parameter in operation.get("parameters", ())}
    assert ("X-Anban" in headers) == (method.upper() not in SAFE_METHODS and not path.startswith(INTENT_FREE))


def test_every_command_of_a_person_may_be_repeated_with_a_key() -> None:
    without = {
        operation["operationId"]
        for _, method, operation in OPERATIONS
        if method.upper() not in SAFE_METHODS
        and "Idempotency-Key" not in {parameter["name"] for parameter in operation.get("parameters", ())}
    }
    assert without == {
        "signIn", "signOut",  # once more opens one more session, or ends what has ended
        "answerRequest", "answerByPage",  # the last word counts, and the token names the message
        "enrolGateway", "renewGateway",  # the same key of the gateway gets the same answer
        "takeText",  # a text carries its own number
        "takeReceipts",  # and so does what a provider says of one of ours
        "takeReplies",  # and so is what somebody texted back
        "checkTimeCertificate",  # it changes nothing, and a name does not belong in an address
        "completeSignIn", "beginSecondFactor", "proveSecondFactor", "changePassword",  # proofs are used up
        "provePresence",
        "endSession", "endOtherSessions", "endSessionsOf",  # or what shall end has ended
        "forgetSecondFactorOf", "revokeToken", "writeIdentityOf",
    }  # fmt: skip


def test_exactly_the_operations_behind_sign_in_ask_for_the_session() -> None:
    open_to_all = {operation["operationId"] for _, _, operation in OPERATIONS if "security" not in operation}
    assert open_to_all == {
        "signIn", "health", "ready", "answerRequest", "answerPage", "answerByPage",
        "enrolGateway", "renewGateway", "takeText", "takeReceipts", "takeReplies", "getReleaseFile",
        "waysToSignIn", "signInElsewhere", "signedInElsewhere",
    }  # fmt: skip


def test_success_is_typed_and_every_reference_leads_somewhere() -> None:
    for path, _, operation in OPERATIONS:
        for status in ("200", "204"):
            for content in operation["responses"].get(status, {}).get("content", {}).values():
                schema = content["schema"]
                assert "$ref" in schema or schema == BYTES or not path.startswith(API)
    named = CONTRACT["components"]["schemas"]
    text = json.dumps(CONTRACT)
    references = {part.split('"', 1)[0] for part in text.split("#/components/schemas/")[1:]}
    assert references <= set(named)


@pytest.mark.parametrize("name", ["IncidentView", "HomeView", "Heartbeat", "Reset", "Snapshot", "Problem"])
def test_what_the_stream_carries_is_described(name: str) -> None:
    assert name in CONTRACT["components"]["schemas"]
