"""What the simulated Bilibili is made of, beside its archives."""
