"""What the simulated Instagram is made of, beside what the Graph API has."""
