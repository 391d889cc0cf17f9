"""Meta's Graph API, as Instagram and Facebook are reached through it."""
