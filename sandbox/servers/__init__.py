"""What stands in for servers of one's own, one a file: they are rehearsed with as the platforms are."""

from __future__ import annotations

from sandbox.platform import Platform


def all_servers() -> list[type[Platform]]:
    """For `sandbox([*all_platforms(), *all_servers()])`."""
    from sandbox.servers.s3 import S3
    from sandbox.servers.webhook import Webhook

    return [S3, Webhook]
