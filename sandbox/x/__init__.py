"""What the API of X is made of, beside its endpoints."""
