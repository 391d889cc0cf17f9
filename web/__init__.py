"""The door from outside: signed webhooks, a REST API for callers, players, metrics."""
