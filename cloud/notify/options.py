"""The options of a channel that fills in approved templates, checked: names, templates, secrets.

One rule for all providers: an unknown option, a template that nobody handed in, or a secret that is not in
the environment stops the start and is named, because a channel that is half configured fails at three in the
morning.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from cloud.notify.model import NotifyError
from cloud.settings import ConfigError

LATER: Final = frozenset({"review", "digest", "probe", "channel", "go", "which", "alone"})
"""Texts that may be approved later: nobody is in danger without them, and calls for help must go out."""
TEMPLATE: Final = "template_"
CHOICE: Final = frozenset({"provider"})
"""Options that ``notify`` itself reads."""


def checked(
    section: str,
    options: Mapping[str, str],
    environment: Mapping[str, str],
    *,
    needed: Sequence[str],
    optional: Collection[str] = (),
    secrets: Sequence[str] = (),
    templates: Collection[str] = (),
) -> dict[str, str]:
    """The approved code of each template; those of ``LATER`` may be missing.

    Raises:
        ConfigError: an option of ``section`` is unknown or missing, or a secret is not in ``environment``.
    """
    codes = {name: options.get(TEMPLATE + name, "") for name in templates}
    known = {*needed, *optional, *CHOICE, *(TEMPLATE + name for name in templates)}
    unknown = set(options) - known
    if unknown:
        raise ConfigError(f"{section}: unknown {min(unknown)}; known: {', '.join(sorted(known))}")
    missing = [TEMPLATE + name for name, code in codes.items() if not code and name not in LATER]
    missing += [name for name in needed if not options.get(name)]
    missing += [name for name in secrets if not environment.get(name)]
    if missing:
        raise ConfigError(f"{section}: missing {', '.join(sorted(missing))}")
    return {name: code for name, code in codes.items() if code}


def code_of(codes: Mapping[str, str], template: str) -> str:
    """The provider's code for ``template``.

    Raises:
        NotifyError: it has not been approved; permanent.
    """
    if template not in codes:
        raise NotifyError(f"no approved text for {template}", permanent=True)
    return codes[template]
