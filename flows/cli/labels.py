"""`reelmill labels`: what the videos are signed with."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from flows.cli.app import FAILED, OK
from flows.cli.finding import Finding
from flows.cli.options import DEFINITION, AsJson, File
from flows.cli.output import console, print_json
from reelmill.content import Json
from reelmill.errors import FinishingError, UseError
from reelmill.settings import Settings

if TYPE_CHECKING:
    from tasks.finishing.labels.credentials import Credentials

labels = App(name="labels", help="Look after the certificate that the videos are signed with.")

#: Told with every self-made certificate: it is less than it looks like.
HONESTLY = (
    "Its signatures are valid, and every change of a file is seen. But it is self-made: no public reader trusts it, "
    "and platforms show the signer as unknown."
)
OWN = (
    "A certificate of your own, from an authority on the C2PA trust list, goes into the definition:\n"
    "  brand:\n"
    "    credentials: {chain: chain.pem, key: {file: key.pem}, tsa_url: https://time.example}"
)


@labels.command
def init(
    *,
    organization: Annotated[str, Parameter(help="Who signs, as readers will show it. Default: nobody by name.")] = "",
    renew: Annotated[bool, Parameter(negative="", help="Put a new one in the place of the one that is there.")] = False,
    as_json: AsJson = False,
) -> int:
    """Make a certificate of one's own, for ten years. Without it, the first video that is finished makes one."""
    from tasks.finishing.labels import certificates, credentials

    settings = Settings()
    folder = settings.folder / credentials.FOLDER
    if len(organization) > certificates.LONGEST_NAME or not organization.isprintable():
        raise UseError(
            f"{organization!r} is no name for a certificate",
            f"give at most {certificates.LONGEST_NAME} printable characters",
        )
    if folder.exists() and not renew:
        raise UseError(f"{folder} is there already", "`reelmill labels init --renew` makes a new one in its place")
    made = credentials.make_self_made(settings.folder, organization.strip() or credentials.ANONYMOUS, renew=renew)
    if as_json:
        print_json(_as_json(made, str(folder)))
        return OK
    out = console()
    out.print(f"made {folder}: signed as {made.signer!r} until {made.valid_until:%Y-%m-%d}")
    out.print(HONESTLY)
    out.print(OWN, style="dim")
    return OK


@labels.command
def show(*, file: File = DEFINITION, as_json: AsJson = False) -> int:
    """Show what the videos of a definition are signed with, until when it is valid, and whether it is self-made."""
    found, place = find_credentials(Settings().folder, file)
    if found is None:
        if as_json:
            print_json({"place": place, "made": False})
        else:
            out = console()
            out.print(f"there is none yet: the first video that is finished makes {place}")
            out.print("`reelmill labels init --organization NAME` makes it now, with your name", style="dim")
        return OK
    problem = ""
    try:
        found.check(dt.datetime.now(dt.UTC))
    except FinishingError as error:
        problem = str(error)
    if as_json:
        print_json({**_as_json(found, place), "problem": problem})
        return FAILED if problem else OK
    out = console()
    out.print(f"{place}: signed as {found.signer!r} until {found.valid_until:%Y-%m-%d}, {found.algorithm}")
    out.print(f"sha256 {found.fingerprint}", style="dim")
    out.print(f"time-stamps: {found.tsa_url or 'none, so signatures count until the certificate expires'}")
    if found.self_made:
        out.print(HONESTLY)
        out.print(OWN, style="dim")
    else:
        out.print("It is yours. Readers trust it as far as they trust the authority that issued it.")
    if problem:
        out.print(problem, style="red")
    return FAILED if problem else OK


def look_at_credentials(settings: Settings, file: Path) -> Iterator[Finding]:
    """What `reelmill doctor` says of the certificate that the videos are signed with."""
    what = "credentials"
    found, place = find_credentials(settings.folder, file)
    if found is None:
        yield Finding(what, "ok", "none yet: the first video that is finished makes self-made ones")
        return
    found.check(dt.datetime.now(dt.UTC))
    kind = "self-made, trusted by no public reader" if found.self_made else found.signer
    yield Finding(what, "ok", f"{kind}, until {found.valid_until:%Y-%m-%d} ({place})")


def find_credentials(home: Path, file: Path) -> tuple[Credentials | None, str]:
    """What signs, and where it lies. None: nothing was made yet."""
    from tasks.finishing.brand import Brand
    from tasks.finishing.labels import credentials

    if file.exists():
        from flows.definition import load

        definition = load(file)
        named = Brand.of(definition.brand, definition.folder).credentials
        if named is not None:
            return credentials.load(named), named.chain
    return credentials.find_self_made(home), str(home / credentials.FOLDER)


def _as_json(found: Credentials, place: str) -> dict[str, Json]:
    return {
        "place": place,
        "made": True,
        "self_made": found.self_made,
        "signer": found.signer,
        "valid_until": found.valid_until,
        "algorithm": found.algorithm,
        "fingerprint": found.fingerprint,
        "tsa_url": found.tsa_url,
    }
