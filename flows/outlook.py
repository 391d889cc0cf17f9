"""What a plan asks for before anything is made: GPU, money, disk and time."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Sequence
from dataclasses import dataclass

from flows.cost import Costs, to_draw
from flows.forecast import Lasting, forecast_run
from flows.pace import Basis
from flows.pipeline import Pipeline
from flows.space import forecast, nearest
from flows.video_plan import VideoPlan
from records.database import now
from records.ledger import Ledger
from reelmill.amount import Amount
from reelmill.content import Json
from reelmill.settings import Settings
from wan_engine.base import Engine


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a plan asks for."""

    cost: Amount
    basis: Basis  #: what the cost is reckoned by
    currency: str  #: "" if no price is set
    disk_bytes: int
    free_bytes: int  #: on the disk of the store
    lasting: Lasting | None  #: how long the run takes; None if nobody knows
    finish_at: dt.datetime | None
    last_post_at: dt.datetime | None  #: the latest time that a post is kept for

    def as_json(self) -> dict[str, Json]:
        return {
            "gpu_seconds": round(self.cost.gpu_seconds, 1),
            "spend": round(self.cost.spend, 2) if self.currency else None,
            "currency": self.currency or None,
            "basis": self.basis.words,
            "certainty": self.basis.certainty,
            "disk_bytes": self.disk_bytes,
            "free_bytes": self.free_bytes,
            "seconds": None if self.lasting is None else round(self.lasting.seconds, 1),
            "seconds_of_clips_alone": self.lasting is not None and self.lasting.of_clips,
            "finish_at": None if self.finish_at is None else self.finish_at.isoformat(timespec="seconds"),
            "last_post_at": None if self.last_post_at is None else self.last_post_at.isoformat(timespec="seconds"),
        }

    @property
    def told(self) -> list[str]:
        """For people, a line each."""
        money = f", {self.cost.spend:.2f} {self.currency}" if self.currency else ""
        lines = [
            f"GPU       {self.cost.gpu_seconds / 60:.1f} min{money} ({self.basis.words})",
            f"disk      {self.disk_bytes / 1e6:,.0f} MB of {self.free_bytes / 1e9:,.1f} GB that are free",
        ]
        if self.lasting is None or self.finish_at is None:
            lines.append("finished  nobody knows: nothing like it was made here before")
        else:
            end, alone = self.finish_at.astimezone(), " for the clips alone" if self.lasting.of_clips else ""
            lines.append(f"finished  {end:%-d %b %H:%M}, after about {_length(self.lasting.seconds)}{alone}")
        if self.last_post_at is not None:
            lines.append(f"last post {self.last_post_at.astimezone():%-d %b %H:%M}")
        return lines


def outlook(
    ledger: Ledger, engine: Engine, name: str, pipeline: Pipeline, settings: Settings, plans: Sequence[VideoPlan]
) -> Outlook:
    """Reckon what the videos of a plan ask for.

    Parameters
    ----------
    plans:
        Of those that are still to be made.
    """
    costs, shots = Costs(ledger, engine, settings), to_draw(ledger, engine, plans)
    lasting = forecast_run(ledger, engine, pipeline, settings, shots) if plans else Lasting(0.0)
    footage = pipeline.footage
    disk = forecast(
        ledger, name, len(plans), pipeline.deliver,
        seconds=footage.seconds, clips=len(footage.lengths), assembled=footage.is_assembled,
    )  # fmt: skip
    times = [post.at for plan in plans for post in plan.posts if post.at is not None]
    return Outlook(
        cost=sum(costs.of(shots), start=Amount()),
        basis=costs.basis(shots),
        currency=settings.currency if settings.gpu_price else "",
        disk_bytes=disk,
        free_bytes=shutil.disk_usage(nearest(ledger.store.root)).free,
        lasting=lasting,
        finish_at=None if lasting is None else now() + dt.timedelta(seconds=lasting.seconds),
        last_post_at=max(times, default=None),
    )


def _length(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
