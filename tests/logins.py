"""Logins of simulated platforms as the real ones have them: documents that are renewed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from reelmill.content import Json
from tasks.publishing.context import TargetContext
from tests.posting import Posted, make_target

#: What they are called in the document, and by the platforms that know but one app.
_CLIENT = {"client_id": ("client_id", "client_key", "app_id"), "client_secret": ("client_secret", "app_secret")}


def logged_in(one: Posted, outside: TargetContext, **options: Json) -> Posted:
    """The post with a login, on a platform that knows its tokens. The sandbox shows no real ones: so by its address.

    Parameters
    ----------
    options:
        Others of the target.
    """
    platform = one.platform
    platform.strict = True
    known = {key: next((getattr(platform, name) for name in names if hasattr(platform, name)), "hush-hush")
             for key, names in _CLIENT.items()}  # fmt: skip
    known |= {"refresh_token": "sandbox-refresh-token", "access_token": "sandbox-token", "more": "is kept"}
    document_of(outside).write_text(json.dumps(known))
    login: dict[str, Json] = {"url": platform.base, "login": {"file": str(document_of(outside))}}
    return one.another(
        target=make_target(one.target.type, **{**one.place.options, **login, **options}), context=outside
    )


def document_of(outside: TargetContext) -> Path:
    """Where the login is kept."""
    return outside.folder / "login.json"


def kept(outside: TargetContext) -> dict[str, Any]:
    """What the document says."""
    found: dict[str, Any] = json.loads(document_of(outside).read_text())
    return found
