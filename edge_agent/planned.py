"""The home's plan at home: taken up at the start, replaced by a command, kept in the outbox file.

What it is not: the document and its meaning (``firmware_protocols.wire.plan``). The one idea: the plan is one
note, durable in the commit that remembers the command; nothing else is touched, so a plan that is refused, or
lost with its file, leaves a gateway that protects by its defaults.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from typing import Final

from edge_agent.outbox import Outbox
from edge_agent.rules import InForce
from edge_agent.rules.disarmed import unarmed
from firmware_protocols.wire.plan import DEFAULT, BadPlan, Plan, as_document, parse, unknown_devices

log = logging.getLogger(__name__)

NOTE: Final = "plan"


def recall(outbox: Outbox) -> Plan:
    """The plan that was in force, or the defaults: then the heartbeat says version 0 and the cloud sends
    anew.
    """
    note = outbox.recall(NOTE)
    if note is None:
        return DEFAULT
    try:
        return parse(json.loads(note))
    except (ValueError, BadPlan) as error:
        log.warning("stored plan cannot be used, the defaults hold until it comes again reason=%s", error)
        return DEFAULT


def put_in_force(document: object, in_force: InForce, devices: Iterable[str], outbox: Outbox) -> str:
    """Put the plan that ``document`` is in force and note it; return what became of it. The note is durable
    with the next commit. The version in force again changes nothing.

    Raises:
        BadPlan: it is none, is older than the one in force, or speaks of devices that are not ``devices``.
    """
    plan, current = parse(document), in_force.plan
    if plan.version == current.version:
        return f"version {plan.version} was in force"
    if plan.version < current.version:
        raise BadPlan(f"version {plan.version} is older than {current.version}, which is in force")
    for fault in unknown_devices(plan, devices):
        raise BadPlan(fault)
    outbox.note(NOTE, json.dumps(as_document(plan)))
    in_force.plan = plan
    off = ", ".join(unarmed(plan))
    log.info("plan in force version=%d unarmed=%s", plan.version, off or "none")
    return f"version {plan.version} in force" + (f"; not armed, for want of consent: {off}" if off else "")
