"""A whole Postgres, with its extensions, from the system's package: Prefect's own database needs `pg_trgm`."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole_postgres() -> Iterator[str]:
    """A server on a Unix socket of its own; the folder of the socket. Its user is `postgres`, its trust local."""
    binaries = _binaries()
    root = os.geteuid() == 0
    user = pwd.getpwnam("postgres") if root else None  # it refuses to run as root
    folder = Path(tempfile.mkdtemp(prefix="postgres-"))
    if user is not None:
        os.chown(folder, user.pw_uid, user.pw_gid)

    def call(program: str, *arguments: str) -> None:
        subprocess.run(
            [binaries / program, *arguments], check=True, capture_output=True, timeout=120, cwd=folder,
            **({"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user is not None else {}),
        )  # fmt: skip

    data = folder / "data"
    call("initdb", "-D", str(data), "-U", "postgres", "--auth=trust", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8")
    call("pg_ctl", "-D", str(data), "-w", "-l", str(folder / "log"), "-o", f"-h '' -k {folder} -F", "start")
    try:
        yield str(folder)
    finally:
        call("pg_ctl", "-D", str(data), "-m", "fast", "-w", "stop")
        shutil.rmtree(folder, ignore_errors=True)


def _binaries() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if found:
        return found[-1].parent
    elsewhere = shutil.which("initdb")
    assert elsewhere is not None, "install Postgres: `apt-get install postgresql`"
    return Path(elsewhere).parent
