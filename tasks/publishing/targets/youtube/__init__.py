"""YouTube: `target` speaks with it, `session` brings the bytes there, `metadata` is what it is told of a video."""
