"""What Prefect's things of ours are called: the tag, the queues, the events of the door."""

from __future__ import annotations

from flows.pipeline import Pipeline

#: Carried by every deployment and run of ours; what is pruned is found by it.
TAG = "reelmill"
#: The queues of every pool, and how early each is served. Lower comes first.
QUEUES = {"urgent": 1, "bulk": 10}
#: The event that the door emits for a pipeline begins with this.
HOOK = "reelmill.hook."
#: And the event of a person's decision about a video with this: `reelmill.review.approve`.
REVIEW = "reelmill.review."


def queue_of(pipeline: Pipeline) -> str:
    """Where the pipeline's work waits for a worker."""
    return pipeline.workers.queue or ("urgent" if pipeline.on else "bulk")
