"""How things are painted: one file a style."""
