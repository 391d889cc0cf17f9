"""What a stage does, one folder a stage. A stage imports no other stage; it takes a noun and returns the next."""
