"""The report of a week, or of any other days: what was made, what it cost, what failed, what waits for a person."""
