"""The verdict under which a post goes out that has waited: it must be of the policy that its pipeline has by then.

What is scheduled for next week was screened today. Where the policy is another one when its time comes, its master is
screened anew, on the machine that sends it.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from flows.definition import Definition
from flows.examining import look, photo_of, pictures
from flows.opening import deployed
from records.ledger import Ledger
from records.tables import Post, Run
from records.verdicts import RecordedVerdict
from reelmill.content import Decision
from reelmill.errors import ReelmillError, TransientError
from reelmill.settings import Settings

if TYPE_CHECKING:  # brings OpenCV, and is needed where a policy has changed
    from tasks.screening.stage import Screener

log = logging.getLogger("reelmill.screening")


class Renewal:
    """Finds the verdict that counts now, or asks for it. What screens is loaded when it is needed, and once."""

    def __init__(self, settings: Settings, ledger: Ledger) -> None:
        self._settings, self._ledger = settings, ledger
        self._screeners: dict[str, Screener] = {}

    def verdict(self, run: Run, definition: Definition, post: Post) -> RecordedVerdict | None:
        """What is said of a post's master under the policy of now; None if nothing was ever said of it.

        Raises
        ------
        TransientError
            If it has to be screened anew and cannot be, here and now.
        UseError
            If its policy cannot be read.
        """
        from tasks.screening.renewal import holds

        photo = photo_of(self._ledger, definition, run.pipeline, post.video_id)
        definition = self._definition(run, definition)
        options, platforms = definition.pipeline(run.pipeline).screen, definition.platforms(run.pipeline)
        known = self._ledger.verdicts.of_master(post.master_sha256)
        for one in known:
            if holds(one.verdict, options, definition.folder, platforms, photo):
                return one
        return self._screened(run.pipeline, definition, known[0], photo) if known else None

    def _definition(self, run: Run, definition: Definition) -> Definition:
        """The pipeline as it is deployed by now; as its run had it, if it is not."""
        if self._ledger.deployments.get(run.pipeline) is None:
            return definition
        try:
            return deployed(self._ledger, run.pipeline, self._settings)
        except ReelmillError as error:  # one that cannot be read: what the run had is still a policy
            log.warning("%s: %s", run.pipeline, error)
            return definition

    def _screened(
        self, pipeline: str, definition: Definition, before: RecordedVerdict, photo: str | None
    ) -> RecordedVerdict:
        screener, said = self._screener(pipeline, definition), before.verdict
        verdict = look(self._ledger, screener, said.master_sha256, photo, frames=said.frames or None)
        seen = {one.detector for one in verdict.examinations if one.frames}
        blind = [one.detector for one in said.examinations if one.frames and one.detector not in seen]
        if verdict.fault or (verdict.decision is Decision.PASS and blind):
            why = "; ".join(verdict.reasons) or f"{', '.join(blind)} looked at it before and cannot here"
            raise TransientError(
                f"the policy has changed, and it cannot be screened anew on this machine: {why}", "mend that"
            )
        return self._ledger.verdicts.record(verdict, pictures(self._ledger, verdict, photo))

    def _screener(self, pipeline: str, definition: Definition) -> Screener:
        key = f"{pipeline} {definition.hash(pipeline)}"
        if key not in self._screeners:
            from flows.screening import screener_of

            options, platforms = definition.pipeline(pipeline).screen, definition.platforms(pipeline)
            self._screeners[key] = screener_of(
                options, definition.folder, platforms, threads=self._settings.screening_threads
            )
        return self._screeners[key]

    def close(self) -> None:
        for one in self._screeners.values():
            one.close()
        self._screeners.clear()
