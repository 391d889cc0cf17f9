"""Pinterest: a video that goes to a bucket by a signed form, and a pin that shows it."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.answer import Answer
from sandbox.audience import Audience
from sandbox.pinterest.media import PinterestMedia, error, invalid
from sandbox.request import Request
from sandbox.route import route
from sandbox.trouble import DAY

#: Characters at most.
_LONGEST = {"title": 100, "description": 800, "link": 2048, "alt_text": 500}
#: How many there are of each for one view. A rate and an average do not grow.
_METRICS = {
    "IMPRESSION": 1.0,
    "OUTBOUND_CLICK": 0.02,
    "PIN_CLICK": 0.05,
    "PROFILE_VISIT": 0.01,
    "QUARTILE_95_PERCENT_VIEW": 0.1,
    "SAVE": 0.02,
    "TOTAL_COMMENTS": 0.005,
    "TOTAL_REACTIONS": 0.03,
    "USER_FOLLOW": 0.002,
    "VIDEO_10S_VIEW": 0.2,
    "VIDEO_MRC_VIEW": 0.5,
    "VIDEO_START": 0.6,
    "VIDEO_V50_WATCH_TIME": 2500.0,
}
_CONSTANT = {"SAVE_RATE": 0.02, "VIDEO_AVG_WATCH_TIME": 4200.0}
_LIFETIME = {"TOTAL_COMMENTS", "TOTAL_REACTIONS"}


@dataclass
class _Pin:
    id: str
    fields: Mapping[str, Any]
    at: float


class Pinterest(PinterestMedia):
    """Pinterest's API v5.

    `init` registers a media and gives a URL and fields; `upload` posts them as a form to the bucket, the file last and
    without a token; `status` goes registered, processing, succeeded or failed; `publish` makes the pin, with a cover.
    Source: Pinterest's OpenAPI description 5.23.0; for the form Amazon S3 API Reference, "POST Object".
    """

    name = "pinterest"
    moments = ("init", "upload", "status", "publish")

    def __init__(self, base: str, folder: Path) -> None:
        super().__init__(base, folder)
        self.username = "sandbox"
        self.boards: dict[str, str] = {}  #: names by ids; empty: every number is a board
        self.secret_boards: set[str] = set()  #: ids of boards whose pins nobody else sees
        self.trial_access = False  #: of an app that is not reviewed yet: nobody else sees its pins
        self.cover_required = True
        self.slow_lookup = 0.0  #: seconds for which lists do not show a new pin
        self._pins: dict[str, _Pin] = {}

    @route("POST", "/v5/pins", "publish")
    def _create(self, request: Request) -> Answer:
        headers = self.admit(request, self.org_write)
        fields = request.json_object()
        for fault in _faults(fields, cover_required=self.cover_required):
            raise invalid(fault)
        with self.lock:
            board = self._board(fields["board_id"])
            media = self.media_of(str(fields["media_source"]["media_id"]))
            if media.upload is None or self.state(media) != "succeeded":
                raise invalid(f"the media is {self.state(media)}")
            pin = _Pin(self.next_id(), fields, self.clock.now())
            self._pins[pin.id] = pin
            if not self.trial_access and board["privacy"] == "PUBLIC":
                text = "\n".join(fields[name] for name in ("title", "description") if fields.get(name))
                detail = {name: fields.get(name) for name in ("board_id", "link", "alt_text")}
                self.publish(pin.id, media.upload, account=self.username, text=text, ai=None, detail=detail)
            return Answer(201, self._shown(pin), headers)

    @route("GET", "/v5/pins/{id}", "read_back")
    def _read(self, request: Request) -> Answer:
        headers = self.admit(request, self.org_read)
        with self.lock:
            pin = self._pin(request)
            shown = self._shown(pin)
            if request.query.get("pin_metrics", "").lower() == "true":
                names = {"impression": "IMPRESSION", "pin_click": "PIN_CLICK", "clickthrough": "OUTBOUND_CLICK"}
                names |= {"save": "SAVE", "reaction": "TOTAL_REACTIONS", "comment": "TOTAL_COMMENTS"}
                counts = {name: _count(pin, metric, self.clock.now()) for name, metric in names.items()}
                shown["pin_metrics"] = {"90d": counts, "lifetime_metrics": counts}
        return Answer(200, shown, headers)

    @route("DELETE", "/v5/pins/{id}", "delete")
    def _delete(self, request: Request) -> Answer:
        headers = self.admit(request, self.org_write)
        with self.lock:
            pin = self._pin(request)
            del self._pins[pin.id]
            self.taken_down.add(pin.id)
        return Answer(204, None, headers)

    @route("GET", "/v5/pins", "look_up")
    @route("GET", "/v5/boards/{board}/pins", "look_up")
    def _list(self, request: Request) -> Answer:
        """Newest first."""
        headers = self.admit(request, self.org_read)
        with self.lock:
            pins = [pin for pin in self._pins.values() if pin.at <= self.clock.now() - self.slow_lookup]
            if "board" in request.match:
                board = self._board(request.match["board"])
                pins = [pin for pin in pins if pin.fields["board_id"] == board["id"]]
            return Answer(200, _page(request, [self._shown(pin) for pin in reversed(pins)]), headers)

    @route("GET", "/v5/boards", "board")
    def _boards(self, request: Request) -> Answer:
        headers = self.admit(request, self.org_read)
        with self.lock:
            return Answer(200, _page(request, [self._board(identity) for identity in self.boards]), headers)

    @route("GET", "/v5/boards/{id}", "board")
    def _read_board(self, request: Request) -> Answer:
        headers = self.admit(request, self.org_read)
        with self.lock:
            return Answer(200, self._board(request.match["id"]), headers)

    @route("GET", "/v5/pins/{id}/analytics", "metrics")
    def _analytics(self, request: Request) -> Answer:
        headers = self.admit(request, self.org_read)
        start, end = _date(request, "start_date"), _date(request, "end_date")
        metrics = [name for name in request.query.get("metric_types", "").split(",") if name]
        if not metrics or not set(metrics) <= _METRICS.keys() | _CONSTANT.keys():
            raise invalid(f"{request.query.get('metric_types', '')!r} are no 'metric_types' of a video")
        today = dt.datetime.fromtimestamp(self.clock.now(), dt.UTC).date()
        if not today - dt.timedelta(90) <= start <= end:
            raise invalid("'start_date' is after 'end_date', or more than 90 days ago")
        with self.lock:
            pin, now = self._pin(request), self.clock.now()
        days = [start + dt.timedelta(at) for at in range((min(end, today) - start).days + 1)]
        daily = [name for name in metrics if name not in _LIFETIME]
        told = [{name: _within(pin, name, _midnight(day), now) for name in daily} for day in days]
        body = {
            "lifetime_metrics": {name: _count(pin, name, now) for name in metrics if name in _LIFETIME},
            "daily_metrics": [
                {"date": day.isoformat(), "data_status": "READY", "metrics": counts}
                for day, counts in zip(days, told, strict=True)
            ],
            "summary_metrics": {name: _CONSTANT.get(name, sum(counts[name] for counts in told)) for name in daily},
        }
        return Answer(200, {"all": body}, headers)

    @route("GET", "/v5/user_account", "user")
    def _user(self, request: Request) -> Answer:
        headers = self.admit(request, self.org_read)
        body = {"username": self.username, "account_type": "BUSINESS", "board_count": len(self.boards)}
        return Answer(200, {**body, "pin_count": len(self._pins), "website_url": ""}, headers)

    def _pin(self, request: Request) -> _Pin:
        if request.match["id"] not in self._pins:
            raise error(404, 50, "Pin not found.")
        return self._pins[request.match["id"]]

    def _board(self, identity: str) -> dict[str, Any]:
        if not identity.isdecimal() or (self.boards and identity not in self.boards):
            raise error(404, 40, "Board not found.")
        privacy = "SECRET" if identity in self.secret_boards else "PUBLIC"
        pins = sum(pin.fields["board_id"] == identity for pin in self._pins.values())
        body = {"id": identity, "name": self.boards.get(identity, f"Board {identity}"), "privacy": privacy}
        return {**body, "pin_count": pins, "owner": {"username": self.username}}

    def _shown(self, pin: _Pin) -> dict[str, Any]:
        asked = ("title", "description", "link", "alt_text", "board_id", "board_section_id", "note", "parent_pin_id")
        created = dt.datetime.fromtimestamp(pin.at, dt.UTC).strftime("%Y-%m-%dT%H:%M:%S")
        told = {"id": pin.id, "created_at": created, "creative_type": "VIDEO", "media": {"media_type": "video"}}
        more = {"board_owner": {"username": self.username}, "is_owner": True, "pin_metrics": None}
        return {**{name: pin.fields.get(name) for name in asked}, **told, **more}


def _faults(fields: Mapping[str, Any], *, cover_required: bool) -> Iterator[str]:
    """What is wrong with a pin."""
    board, source = fields.get("board_id"), fields.get("media_source")
    if not isinstance(board, str) or not re.fullmatch(r"\d+", board):
        yield f"{board!r} does not match '^\\d+$' (board_id)"
    for name, longest in _LONGEST.items():
        value = fields.get(name)
        if value is not None and not isinstance(value, str):
            yield f"{name!r} is not of type 'string'"
        elif len(value or "") > longest:
            yield f"{name!r} is too long: {len(value or '')} characters, and {longest} at most"
    if not isinstance(source, dict):
        yield "'media_source' is a required property"
    elif source.get("source_type") != "video_id":
        yield "the sandbox's 'media_source' has the 'source_type' video_id"
    elif not source.get("media_id"):
        yield "'media_id' is a required property"
    else:
        yield from _cover_faults(source, required=cover_required)


def _cover_faults(source: Mapping[str, Any], *, required: bool) -> Iterator[str]:
    url, kind, data = (source.get(f"cover_image_{name}") for name in ("url", "content_type", "data"))
    second = source.get("cover_image_key_frame_time")
    if url is not None and not re.match(r"https?://", str(url)):
        yield "'cover_image_url' is no URL"
    if (kind is None) != (data is None) or kind not in {None, "image/jpeg", "image/png"}:
        yield "'cover_image_content_type' is image/jpeg or image/png, and 'cover_image_data' stands beside it"
    if data is not None and not _is_base64(data):
        yield "'cover_image_data' is not in Base64"
    if second is not None and (not isinstance(second, int | float) or second < 0):
        yield "'cover_image_key_frame_time' is no time"
    if required and url is None and data is None and second is None:
        yield "the pin of a video needs a cover image"


def _is_base64(data: Any) -> bool:
    try:
        return bool(base64.b64decode(data, validate=True))
    except (TypeError, ValueError, binascii.Error):
        return False


def _page(request: Request, items: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The items from the bookmark on, which is what the last page gave."""
    given, size = request.query.get("bookmark", ""), request.query.get("page_size", "25")
    if not size.isdecimal() or not 1 <= int(size) <= 250:
        raise invalid("'page_size' is from 1 to 250")
    known = [at for at, item in enumerate(items) if f"after-{item['id']}" == given]
    if given and not known:
        raise invalid("the 'bookmark' is of no page")
    start = known[0] + 1 if known else 0
    page = list(items[start : start + int(size)])
    more = start + len(page) < len(items)
    return {"items": page, "bookmark": f"after-{page[-1]['id']}" if more else None}


def _date(request: Request, name: str) -> dt.date:
    try:
        return dt.date.fromisoformat(request.query.get(name, ""))
    except ValueError:
        raise invalid(f"{name!r} is a required date, YYYY-MM-DD") from None


def _midnight(day: dt.date) -> float:
    return dt.datetime.combine(day, dt.time(), dt.UTC).timestamp()


def _count(pin: _Pin, metric: str, until: float) -> float:
    return _CONSTANT.get(metric) or int(Audience.of(pin.id, until - pin.at).views * _METRICS[metric])


def _within(pin: _Pin, metric: str, midnight: float, now: float) -> float:
    """Of one day, as far as it has come."""
    if metric in _CONSTANT:
        return _CONSTANT[metric]
    return _count(pin, metric, min(midnight + DAY, now)) - _count(pin, metric, min(midnight, now))
