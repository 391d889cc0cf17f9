"""What the simulated Douyin is made of, beside its videos."""
