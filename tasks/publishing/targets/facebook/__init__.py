"""Facebook: the target, and what a video of a page says of itself."""
