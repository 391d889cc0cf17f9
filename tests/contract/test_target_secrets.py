"""What a platform says of a failure is kept in the ledger, and some repeat the token that they were shown."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from records.ledger import Ledger
from records.states import PostState
from reelmill.content import Rendition
from reelmill.errors import ReelmillError
from reelmill.logs import MASK
from reelmill.settings import Settings
from tasks.publishing.context import TargetContext
from tests.contract.kinds import SIMULATED, of
from tests.platforms import TOKEN
from tests.postbox import make_postbox
from tests.posting import Posted, delivery_of, make_target

_SAID = f"the token {TOKEN} is not good for it"
#: An error in the words of every platform at once.
ECHO: dict[str, Any] = {
    **dict.fromkeys(("message", "error_msg", "error_description", "description", "detail", "title", "status"), _SAID),
    "error": {"message": _SAID, "code": 1, "errors": [{"message": _SAID, "reason": _SAID}]},
    "errors": [{"message": _SAID, "detail": _SAID}],
    "data": {"description": _SAID, "error_code": 1},
    "code": 1,
    "result": 2,
    "ok": False,
}


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[TargetContext]:
    with closing(TargetContext(tmp_path, pace=0.001)) as made:
        yield made


@of(SIMULATED)
def test_no_secret_that_a_platform_repeats_is_kept(
    trying: Posted, settings: Settings, outside: TargetContext, tmp_path: Path
) -> None:
    """A platform is met by its address here, with a login of its own. Each of its calls fails, one after the other."""
    target = make_target(trying.target.type, **trying.place.real)
    said: list[str] = []
    for moment in trying.platform.all_moments():
        for status in (200, 400, 401, 403, 500):
            one = trying.another(target=target, context=outside)
            trying.platform.troubles.clear()
            trying.platform.trouble(moment, status=status, body=ECHO, times=5)
            try:
                one.prepare()
                one.upload()
                one.place.wait()
                target.check(one.delivery, outside, one.handle())
                found = one.finalize()
                said.append(f"{found} {one.look_up()} {one.read_back(found)}")
            except ReelmillError as error:
                said.append(str(error))
            assert TOKEN not in str(one.commits), "the handle"
    assert any(TOKEN in words for words in said), "else nothing is shown here"
    trying.platform.troubles.clear()
    with Ledger(settings) as ledger:
        box = make_postbox(settings, rendition_in(tmp_path))
        order = box.order(ledger, target, outside)
        post = ledger.posts.plan(box.video_id, order.delivery.rendition, order.destination, order.verdict)
        kept = []
        for words in said:
            ledger.standings.pause(post.platform, post.account, post.target, post.created_at, words, needs_person=True)
            kept.append(ledger.posts.put_off(post.id, post.created_at, words).reason)
            kept.append(ledger.posts.move(post.id, PostState.FAILED, words).reason)
            ledger.posts.move(post.id, PostState.PLANNED)
            standing = ledger.standings.get(post.platform, post.account)
            assert standing is not None
            kept += [standing.reason, *(step.reason or "" for step in ledger.posts.history(post.id))]
    assert not [words for words in kept if TOKEN in words]
    assert any(MASK in words for words in kept)


def rendition_in(folder: Path) -> Rendition:
    """A finished file, as far as the ledger looks at it."""
    return delivery_of(folder).rendition
