"""What the simulated Pinterest is made of: its media, and the bucket that takes them."""
