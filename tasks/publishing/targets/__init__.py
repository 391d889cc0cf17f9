"""Targets, one a file; `tasks.publishing.base.Target` is the contract."""
