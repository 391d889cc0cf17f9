"""Kuaishou (快手) by its open platform: an upload host of its own, a file in fragments, and a photo with its cover."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, StringConstraints

from tasks.publishing.account import Identity
from tasks.publishing.api import ApiTarget
from tasks.publishing.attempt import OLD, armed_at, attempt
from tasks.publishing.base import Delivery, Metrics, Published, ReadBack, Safety
from tasks.publishing.client import Reply
from tasks.publishing.context import TargetContext
from tasks.publishing.handle import Handle
from tasks.publishing.login import Login
from tasks.publishing.oauth import ask_for_token, seconds, token_in
from tasks.publishing.outcome import Ambiguous, Reauthorise, Refused, Restart, Resync, Wait
from tasks.publishing.recognition import back_to, mark_of, since
from tasks.publishing.slices import Slice, cut
from tasks.publishing.wording import caption_of

#: Seconds between two questions whether a photo is still pending, which takes minutes to hours. Our choice.
REVIEW = 600.0
#: Photos that a look-up asks for at once, and how often at most.
PER_PAGE, PAGES = 20, 50

OK = 1
LOGIN_IS_OVER = frozenset({100200100, 100200101})
_REMEDY = "let the account log in again at open.kuaishou.com, and put the new login there"


class Kuaishou(ApiTarget):
    """A Kuaishou account, through an app that has the audited scope `user_video_publish`.

    A photo, as Kuaishou calls a video, is pending until its review is over. The API has no flag for AI and keeps no
    time. Source: open.kuaishou.com, 视频发布.
    """

    hosts: ClassVar[Mapping[str, str]] = {"api": "https://open.kuaishou.com"}
    safety = Safety.LOOK_UP
    profiles = ("kuaishou", "douyin")
    certain_after = dt.timedelta(minutes=10)  # our choice: how soon a list shows a new photo is not documented
    discloses = "the label in the picture, a line of the text, and AIGC metadata"
    tells_metrics = True
    unpublishes = True

    #: Bytes that are uploaded in one piece.
    in_one_up_to: ClassVar[int] = 10_000_000
    #: Bytes of a fragment.
    fragment_bytes: ClassVar[int] = 4 * 1024 * 1024

    type: Literal["kuaishou"]

    app_id: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    """The app's id, which every call shows."""

    endpoints: tuple[Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.*-]+$")], ...] = Field(
        ("*.kuaishouzt.com", "*.kuaishou.com"), strict=False, min_length=1
    )
    """The hosts that bytes may be sent to: Kuaishou names one of them for each upload. `*` stands for anything."""

    upload_scheme: Literal["https", "http"] = "https"
    """Kuaishou names a host, and its documentation says `http`. The hosts that are known take https as well."""

    mark: bool = True
    """End the caption with a short number of the post. Kuaishou shows nothing else by which a post can be told after a
    crash from another one with the same words: only leave it out if no two posts have them."""

    def identify(self, context: TargetContext) -> Identity | None:
        reply = self._ask(context, "asking Kuaishou whose the login is", "GET", "user_info", question=True)
        name = str(reply.need("user_info", "name"))
        return Identity(str(reply.get("user_info", "open_id") or name), name)

    def prepare(self, delivery: Delivery, context: TargetContext) -> None:
        if not delivery.rendition.cover.stat().st_size:
            raise Refused("Kuaishou wants a cover, and this one is empty", "finish it with the profile kuaishou")
        self.require_account(context)

    def upload(self, delivery: Delivery, context: TargetContext, handle: Handle) -> None:
        if handle.get("uploaded"):
            return
        resumed = "upload_token" in handle
        if not resumed:
            reply = self._ask(context, "asking Kuaishou for an upload", "POST", "photo/start_upload")
            handle.remember(upload_token=str(reply.need("upload_token")), endpoint=str(reply.need("endpoint")))
        whole = Slice.whole(delivery.rendition.path)
        try:
            if whole.size <= self.in_one_up_to:
                headers = {"Content-Type": "video/mp4"}
                self._send(context, handle, "uploading a video to Kuaishou", "", headers=headers, body=whole)
            else:
                self._in_fragments(whole, context, handle, resumed=resumed)
        except Refused as error:
            # No code is documented for an upload that is over: one of an earlier attempt is begun again.
            if resumed:
                raise Restart(f"an earlier upload is not continued ({error.reason})") from error
            raise
        handle.remember(uploaded=context.now().isoformat())

    def _in_fragments(self, whole: Slice, context: TargetContext, handle: Handle, *, resumed: bool) -> None:
        """Send the fragments that Kuaishou does not have, as it says itself, and complete the upload."""
        fragments = cut(whole.path, self.fragment_bytes)
        if not handle.get("sent"):
            for number in range(self._there(context, handle) if resumed else 0, len(fragments)):
                self._send_fragment(number, fragments[number], context, handle)
            handle.remember(sent=True)
        try:
            which = {"fragment_count": len(fragments)}
            self._send(context, handle, "completing an upload to Kuaishou", "/complete", params=which)
        except Refused as error:
            if handle.get("resynced"):
                raise
            handle.remember(sent=False, resynced=True)
            raise Resync(f"{error.reason}: a fragment may be missing") from error

    def _send_fragment(self, number: int, fragment: Slice, context: TargetContext, handle: Handle) -> None:
        doing, which = "uploading a fragment to Kuaishou", {"fragment_id": number}
        headers = {"Content-Type": "application/octet-stream"}
        reply = self._send(context, handle, doing, "/fragment", params=which, headers=headers, body=fragment)
        came = reply.get("size", default=fragment.size)
        if came != fragment.size:
            raise Resync(f"{doing}: fragment {number} arrived with {came} bytes")

    def _there(self, context: TargetContext, handle: Handle) -> int:
        """How many fragments Kuaishou has, without a gap."""
        reply = self._send(context, handle, "asking Kuaishou how far an upload is", "/resume", method="GET")
        last = reply.get("fragment_index", default=-1)
        return last + 1 if isinstance(last, int) else 0

    def finalize(self, delivery: Delivery, context: TargetContext, handle: Handle) -> Published:
        caption = self._caption(delivery, mark=self.mark)
        armed = attempt(handle, context.now(), old=OLD, mark=mark_of(caption))
        with delivery.rendition.cover.open("rb") as stream, armed:
            reply = self._ask(
                context,
                "posting to Kuaishou",
                "POST",
                "photo/publish",
                irreversible=True,
                params={"upload_token": str(handle["upload_token"])},
                form={"caption": caption},
                files={"cover": ("cover.jpg", stream, "image/jpeg")},
            )
        photo_id = reply.get("video_info", "photo_id")
        if not photo_id:
            raise Ambiguous(f"{reply.doing}: the answer names no photo: {reply.quote}")
        pending = reply.get("video_info", "pending", default=True)
        return self._published(context, str(photo_id), settled=not pending)

    def _caption(self, delivery: Delivery, *, mark: bool) -> str:
        """At most 1000 characters and four topics."""
        number = f"\n\n编号 {delivery.post_id.hex[:8]}" if mark else ""
        return caption_of(delivery, 1000, hashtags=4, title=True, disclose=True, besides=number)

    def look_up(self, delivery: Delivery, context: TargetContext, handle: Handle) -> Published | None:
        """Among the account's photos since posting began: the one with these words."""
        armed = armed_at(handle)
        if armed is None:
            return None
        # What was sent is remembered. Earlier versions did not, and their captions had no number by default.
        captions = [self._caption(delivery, mark=mark) for mark in (True, False)]
        ours = {str(handle["mark"])} if handle.get("mark") else set(map(mark_of, captions))
        pages = self._latest(context)
        for photo in back_to(armed, pages, lambda photo: photo.get("create_time"), most=PAGES, where="Kuaishou"):
            words, made = mark_of(str(photo.get("caption") or "")), photo.get("create_time")
            if words in ours and since(made, armed, silent=False) and not handle.is_of_another(photo.get("photo_id")):
                if photo.get("pending"):
                    raise Wait("Kuaishou reviews the photo", retry_after=REVIEW)
                return self._published(context, str(photo.get("photo_id")))
        return None

    def _latest(self, context: TargetContext) -> Iterator[list[dict[str, Any]]]:
        """The account's photos, newest first, by pages. Only an empty one is the last: how many one has is theirs."""
        cursor: Mapping[str, Any] = {}
        while True:
            which = {"count": PER_PAGE, **cursor}
            doing = "asking Kuaishou for the latest photos"
            reply = self._ask(context, doing, "GET", "photo/list", params=which, question=True)
            reply.need("result")  # else it is no answer of Kuaishou's, which must not pass for an empty list
            found = reply.rows("video_list")
            if not found:
                return
            yield found
            cursor = {"cursor": found[-1].get("photo_id")}

    def read_back(self, delivery: Delivery, context: TargetContext, published: Published) -> ReadBack:
        photo = self._photo(context, published)
        if photo is None:
            return ReadBack(public=False)
        pending = bool(photo.get("pending"))
        return ReadBack(public=not pending, detail={"pending": pending, "url": published.url})

    def metrics(self, context: TargetContext, published: Published) -> Metrics:
        told = self._photo(context, published) or {}
        return Metrics(told.get("view_count"), told.get("like_count"), told.get("comment_count"))

    def unpublish(self, context: TargetContext, published: Published) -> None:
        which = {"photo_id": published.platform_id}
        try:
            self._ask(context, "deleting from Kuaishou", "POST", "photo/delete", params=which)
        except Refused:
            if self._photo(context, published) is not None:
                raise

    def _photo(self, context: TargetContext, published: Published) -> dict[str, Any] | None:
        """The photo, or None if Kuaishou shows none of that id."""
        which = {"photo_id": published.platform_id}
        try:
            reply = self._ask(context, "asking Kuaishou for a photo", "GET", "photo/info", params=which)
        except Refused:
            return None
        found = reply.get("video_info")
        return found if isinstance(found, dict) else None

    def _ask(self, context: TargetContext, doing: str, method: str, name: str, **how: Any) -> Reply:
        def shown(token: str) -> Mapping[str, Any]:
            return {"params": {"access_token": token, "app_id": self.app_id}}

        return self.call(context, doing, method, f"/openapi/{name}", shown=shown, **how)

    def _send(
        self,
        context: TargetContext,
        handle: Handle,
        doing: str,
        name: str,
        *,
        method: str = "POST",
        params: Mapping[str, Any] | None = None,
        **how: Any,
    ) -> Reply:
        """A call to the upload host, which knows the upload's own token and no other one."""
        url = f"{self._endpoint(context, str(handle['endpoint']))}/api/upload{name}"
        query = {"upload_token": str(handle["upload_token"]), **(params or {})}
        return self.client(context).call(doing, method, url, params=query, judge=self.judge, **how)

    def _endpoint(self, context: TargetContext, named: str) -> str:
        """The address of the upload host that Kuaishou named, if bytes may go there."""
        host = named.partition("://")[2] or named
        scheme, _, home = self.base(context).partition("://")
        if host.partition("/")[0] == home.partition("/")[0]:
            return f"{scheme}://{host}"
        self.client(context).check_address(f"https://{host}", self.endpoints)
        return f"{self.upload_scheme}://{host}"

    def _published(self, context: TargetContext, photo: str, *, settled: bool = True) -> Published:
        """The page is where the public sees it: the API names its file alone, at an address that ends."""
        page = f"https://www.kuaishou.com/short-video/{photo}"
        return Published(self.shown_at(context, photo, page), photo, settled=settled)

    def judge(self, reply: Reply) -> None:
        result = reply.get("result", default=OK)
        if result == OK:
            return
        said = f"{reply.doing}: {result} {reply.get('error_msg', default='')}".strip()
        if result in LOGIN_IS_OVER:
            raise Reauthorise(said, _REMEDY)
        raise Refused(said, "change what Kuaishou names, then resume the run")

    def renew(self, context: TargetContext, login: Login) -> Login:
        reply = ask_for_token(
            self.client(context),
            f"{self.base(context)}/oauth2/refresh_token",
            platform="Kuaishou",
            remedy=_REMEDY,
            judge=self.judge,
            method="GET",
            params={
                "app_id": login.client_id or self.app_id,
                "app_secret": login.client_secret,
                "grant_type": "refresh_token",
                "refresh_token": login.refresh_token,
            },
        )
        refresh = str(reply.get("refresh_token") or "")
        return login.renewed(token_in(reply, "access_token"), seconds(reply.get("expires_in")), refresh)
