"""A bucket as a target."""
