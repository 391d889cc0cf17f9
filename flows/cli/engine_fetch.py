"""`reelmill engine fetch`: a model comes into this machine's folder of models."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from flows.cli.app import OK
from flows.cli.options import AsJson
from flows.cli.output import console, print_json
from flows.counting import counted
from reelmill.errors import UseError
from reelmill.settings import Settings
from wan_engine.wan.memory import in_words
from wan_engine.wan.naming import ModelName
from wan_engine.wan.profiles import PROFILES, Profile, profile_named

if TYPE_CHECKING:
    from wan_engine.wan.manifest import Manifest
    from wan_engine.wan.order import Order


def fetch(
    model: Annotated[str, Parameter(help="Its name. Default: the one of REELMILL_WAN_MODEL.")] = "",
    /,
    *,
    revision: Annotated[str, Parameter(help="A commit, a branch or a tag. Default: the one known to be good.")] = "",
    verify: Annotated[bool, Parameter(negative="", help="If it is there already, read and compare all of it.")] = False,
    accept_licence: Annotated[
        bool, Parameter(negative="", help="Say that your use is one that a non-commercial licence allows.")
    ] = False,
    as_json: AsJson = False,
) -> int:
    """Download a model and verify every file of it. What was begun is gone on with, what is there is kept."""
    from wan_engine.wan.fetching import Fetch
    from wan_engine.wan.hub import Hub
    from wan_engine.wan.manifest import present
    from wan_engine.wan.manifest import verify as compare
    from wan_engine.wan.order import Order

    settings = Settings()
    profile = profile_named(model or ModelName.parse(settings.wan_model).model or next(iter(PROFILES)))
    folder = settings.models_folder / profile.name
    found, came = present(profile, folder, revision), 0
    if found is None:
        _check_licence(profile, accepted=accept_licence)
        hub = Hub()
        order = Order.place(profile, folder, hub, revision)
        found = present(profile, folder, order.listing.revision)
    if found is not None:
        if verify:
            with _bar(f"reading {profile.title}", found.size, quiet=as_json) as told:
                compare(profile, folder, found, told)
    else:
        if not as_json:
            _announce(order)
        order.check_space()
        came = order.missing
        with _bar(f"fetching {profile.title}", order.listing.size, quiet=as_json) as told:
            found = Fetch(order, hub, told=told).run()
    if as_json:
        print_json(_as_json(profile, folder, found, came, verified=bool(came) or verify))
    else:
        _tell(profile, folder, found, came, verified=verify)
    return OK


def _check_licence(profile: Profile, *, accepted: bool) -> None:
    if not profile.commercial and not accepted:
        raise UseError(
            f"the licence of {profile.title} is {profile.licence}: what it makes is not for commerce, so not for "
            "advertising, a shop, a monetised channel or paid work",
            "if your use is none of these, give the command again with --accept-licence; else fetch "
            + " or ".join(one.name for one in PROFILES.values() if one.commercial),
        )


def _announce(order: Order) -> None:
    profile, listing = order.profile, order.listing
    out = console()
    out.print(profile.title, style="bold")
    out.print(f"  from     {listing.repository} at {listing.revision[:12]}")
    out.print(f"  licence  {profile.licence}" + ("" if profile.commercial else ", not for commercial use"))
    begun = f", of which {in_words(order.kept)} are there" if order.kept else ""
    out.print(f"  size     {in_words(listing.size)} in {counted(len(listing.files), 'file')}{begun}")
    out.print(f"  to       {order.folder}")


def _tell(profile: Profile, folder: Path, manifest: Manifest, came: int, *, verified: bool) -> None:
    out, short = console(), manifest.revision[:12]
    if came:
        out.print(f"{profile.title} at {short} is complete, and every file of it is what the hub lists")
    elif verified:
        out.print(f"{profile.title} at {short} is in {folder}, and every file of it is what was fetched")
    else:
        out.print(f"{profile.title} at {short} is in {folder} since {manifest.fetched_at[:10]}")
        out.print("`--verify` reads all of it again; `--revision main` looks for a newer one", style="dim")


def _as_json(
    profile: Profile, folder: Path, manifest: Manifest, came: int, *, verified: bool
) -> dict[str, str | int | bool]:
    return {
        "model": profile.name,
        "title": profile.title,
        "repository": manifest.repository,
        "revision": manifest.revision,
        "licence": manifest.licence,
        "commercial": profile.commercial,
        "folder": str(folder),
        "files": len(manifest.files),
        "bytes": manifest.size,
        "fetched_bytes": came,
        "verified": verified,
    }


@contextmanager
def _bar(what: str, total: int, *, quiet: bool) -> Iterator[Callable[[int], None]]:
    """A bar on standard error, where that is a terminal. Gives what is to be told of bytes, from any thread."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    terminal = Console(stderr=True)
    if quiet or not terminal.is_terminal:
        yield lambda _: None
        return
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=28),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=terminal, transient=True) as progress:
        bar = progress.add_task(what, total=total)
        yield lambda count: progress.advance(bar, count)
