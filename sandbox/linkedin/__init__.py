"""What the simulated LinkedIn is made of: its door, its videos, the format of its texts."""
