"""What the simulated Facebook is made of, beside what the Graph API has."""
