"""The things that a scene is made of: one noun a file."""
