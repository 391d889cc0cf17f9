"""What the simulated Telegram is made of, beside its methods."""
