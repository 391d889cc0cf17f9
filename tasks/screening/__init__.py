"""What is in the picture: detectors look at every frame, a policy decides, and doubt is never a pass."""
