"""Experiments: values of one list of a matrix that are shown to the same people, and what they did with each."""
