"""What is allowed in a definition and seldom meant."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from flows.definition import Definition


def cautions(definition: Definition) -> Iterator[str]:
    """Each as a sentence, with what to do."""
    sharing: dict[str, list[str]] = defaultdict(list)
    for name, target in definition.targets.items():
        login = getattr(target, "login", None)
        if login is not None:
            sharing[login.name].append(name)
    for login, names in sharing.items():
        if len(names) > 1:
            yield (
                f"targets {', '.join(names[:-1])} and {names[-1]} share the login {login}: it is that of one account, "
                "and renewing it for one may end it for the others; give each a document of its own"
            )
