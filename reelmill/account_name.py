"""Names of accounts as people write them."""

from __future__ import annotations


def plain_name(account: str) -> str:
    """The name of an account in one form: case and a leading @ do not tell two of them apart."""
    return account.removeprefix("@").casefold()
