"""Platforms that can fail: simulators that speak the documented protocols, to rehearse a pipeline without an account.

Written from the platforms' documentation and not from our targets. Each counts what became public; that count, and not
the ledger, is the truth when a test asks whether something was posted twice or lost.
"""
