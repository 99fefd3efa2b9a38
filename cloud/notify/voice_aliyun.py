"""A telephone call through Alibaba Cloud (Dyvmsapi ``IvrCall``) that reads a text and takes a key.

What it is not: a conversation. The one idea: a call is the only message that wakes somebody and takes the
answer on the spot; the key comes by call-back (``reports``). Whoever is only told gets ``SingleCallByTts``,
which needs no number of one's own. Sources:
https://help.aliyun.com/zh/vms/developer-reference/api-dyvmsapi-2017-05-25-ivrcall,
https://help.aliyun.com/zh/vms/developer-reference/api-dyvmsapi-2017-05-25-singlecallbytts and
https://help.aliyun.com/zh/vms/developer-reference/voicecallreport-4
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from cloud.notify import aliyun
from cloud.notify.aliyun import SECRETS, Credentials, Rpc
from cloud.notify.model import Outgoing, Receipt
from cloud.notify.options import checked, code_of
from cloud.notify.phone import national
from cloud.notify.voice_templates import ASKING, KEYS, TEMPLATES, THANKS, fill

NAME: Final = "aliyun-voice"
ENDPOINT: Final = "https://dyvmsapi.aliyuncs.com"
PERMANENT: Final = frozenset(
    {
        "isv.BLACK_LIST",
        "isv.CALLED_NUMBER_ILLEGAL",
        "isv.CALLER_NUMBER_ILLEGAL",
        "isv.TTS_TEMPLATE_ILLEGAL",
        "isv.VOICE_FILE_ILLEGAL",
    }
)
PLAYED: Final = "3"
"""How often the text is read; their most. Who is woken does not understand the first time."""
WAIT_MS: Final = "8000"
"""For a key after the text was read. [D]"""


@dataclass(frozen=True, slots=True)
class AliyunVoice:
    """``caller``: a number of one's own, which telephones show. ``codes``: our template → theirs."""

    rpc: Rpc
    caller: str
    codes: Mapping[str, str]
    followed: bool = False

    @classmethod
    def configured(
        cls, options: Mapping[str, str], environment: Mapping[str, str] = os.environ
    ) -> AliyunVoice | None:
        """Read ``[notify.channels.voice]``: ``caller``, ``endpoint``, ``reports``, ``template_NAME``.

        Raises:
            ConfigError: an unknown or missing option, or no access key in the environment.
        """
        if not options:
            return None
        codes = checked(
            "notify.channels.voice",
            options,
            environment,
            needed=("caller",),
            optional=("endpoint", "reports"),
            secrets=SECRETS,
            templates=TEMPLATES,
        )
        credentials = Credentials(*(environment[variable] for variable in SECRETS))
        rpc = Rpc(credentials, options.get("endpoint", ENDPOINT), PERMANENT, aliyun.utc_now)
        return cls(rpc, options["caller"], codes, options.get("reports") == "yes")

    async def deliver(self, message: Outgoing) -> Receipt:
        """See ``Notifier``."""
        code = code_of(self.codes, message.template)
        values = json.dumps(fill(message.template, message.variables), ensure_ascii=False)
        called = {
            "CalledShowNumber": self.caller,
            "CalledNumber": national(message.address),
            "PlayTimes": PLAYED,
        }
        if message.template in ASKING:
            menu = _menu(code_of(self.codes, THANKS))
            started = {"StartCode": code, "StartTtsParams": values, "Timeout": WAIT_MS}
            answer = await self.rpc.call("IvrCall", {**called, **started, **menu})
        else:
            answer = await self.rpc.call("SingleCallByTts", {**called, "TtsCode": code, "TtsParam": values})
        return Receipt(str(answer.get("CallId", "")), NAME, self.followed)


def _menu(thanks: str) -> dict[str, str]:
    """Each key that counts, and what is said when it was pressed."""
    menu: dict[str, str] = {}
    for place, key in enumerate(KEYS, start=1):
        menu[f"MenuKeyMap.{place}.Key"] = key
        menu[f"MenuKeyMap.{place}.Code"] = thanks
    return menu
