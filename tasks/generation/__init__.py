"""From words to clips: which shots a video needs, and the engine that makes them."""
