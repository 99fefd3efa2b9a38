"""``/lite``: the queue as plain pages, for a browser that runs no script, an old telephone, a bad line.

What this is: sign in, see who needs help, accept, note, close. What it is not: a second console, or a
second way into the platform: it asks ``/api/v1`` like any other client (``client``), so every rule, bound and
trail entry is the API's own. The one idea: a page is whole when it arrives; it says how old it is, and asks
again by itself.
"""

from __future__ import annotations

from dashboards.lite.routes import mount

__all__ = ["mount"]
