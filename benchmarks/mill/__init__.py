"""The parts of `benchmarks/operations.py`: what it costs to run the mill, beside what the stages cost."""
