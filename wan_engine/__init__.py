"""How a shot becomes a clip: the storyboard engine that needs no model, and whatever else implements `Engine`."""
