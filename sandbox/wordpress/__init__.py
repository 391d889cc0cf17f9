"""What the simulated WordPress is made of: its REST API and its library of media."""
