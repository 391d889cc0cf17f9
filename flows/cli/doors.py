"""What of this machine others could reach, and which secrets are missing: the part of `reelmill doctor` on safety."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from flows import server
from flows.cli.finding import Finding
from reelmill.settings import Settings
from tasks.secret import Secret

#: Rights of a file that others may read, as in stat(2).
OTHERS = 0o077


def look_at_doors(settings: Settings) -> Iterator[Finding]:
    """What is open beyond this machine, and what guards it."""
    yield _prefect(settings)
    yield _web(settings)
    key = settings.folder / "signing.key"
    if key.exists() and key.stat().st_mode & OTHERS:
        yield Finding("signing key", "warning", f"{key} can be read by others", f"chmod 600 {key}")


def _prefect(settings: Settings) -> Finding:
    what = "prefect door"
    guarded = os.environ.get("PREFECT_SERVER_API_AUTH_STRING") or os.environ.get("PREFECT_API_AUTH_STRING")
    url = server.configured()
    host = (urlsplit(url).hostname or "") if url else settings.prefect_host
    if host in server.LOOPBACK:
        return Finding(what, "ok", "this machine only")
    if not guarded:
        remedy = "set PREFECT_SERVER_API_AUTH_STRING where it runs and PREFECT_API_AUTH_STRING here"
        return Finding(what, "warning", f"{host}, and no password is set here: its API can do anything", remedy)
    if url and url.startswith("http:"):
        return Finding(what, "warning", f"{host} by http: the password can be read on the way", "put TLS before it")
    return Finding(what, "ok", f"{host}, with a password")


def _web(settings: Settings) -> Finding:
    what = "web door"
    if settings.web_host in server.LOOPBACK and not settings.web_url:
        return Finding(what, "ok", "this machine only")
    where = settings.web_url or f"{settings.web_host}:{settings.web_port}"
    if not settings.web_url.startswith("https:") and urlsplit(settings.web_url).hostname not in server.LOOPBACK:
        return Finding(what, "warning", f"{where}, without TLS", "put a proxy with TLS before it; set REELMILL_WEB_URL")
    return Finding(what, "ok", where)


def look_at_secrets(file: Path) -> Iterator[Finding]:
    """The secrets that the definition names and that this process does not have."""
    from flows.definition import load

    if not file.exists():
        return
    definition = load(file)
    named: dict[str, Secret] = {secret.name: secret for secret in definition.notify.to}
    for pipeline in definition.pipelines.values():
        if pipeline.on is not None and pipeline.on.secret is not None:
            named[pipeline.on.secret.name] = pipeline.on.secret
    missing = sorted(name for name, secret in named.items() if secret.find() is None)
    if missing:
        yield Finding("secrets", "warning", f"not set here: {', '.join(missing)}", "set them where workers and web run")
    elif named:
        yield Finding("secrets", "ok", f"{len(named)} set")
