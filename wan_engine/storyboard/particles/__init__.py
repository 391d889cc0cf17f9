"""What falls, floats and glows: one file a kind. Everything comes back to where it began, so that clips loop."""
