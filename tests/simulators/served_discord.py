"""Discord at another address than its own, which is the only one that it believes."""

from __future__ import annotations

from tasks.publishing.context import TargetContext
from tasks.publishing.targets.discord import Discord


class ServedDiscord(Discord):
    """The same, whose webhooks are served where a test says."""

    served: str

    def _address(self, context: TargetContext) -> tuple[str, str, str]:
        _, number, token = super()._address(context)
        return self.served, number, token
