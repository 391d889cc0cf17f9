"""LinkedIn, as a target: its text format, its API, and a post."""
