"""What the simulated YouTube is made of: its errors, quota, rules for metadata, sessions and videos."""
