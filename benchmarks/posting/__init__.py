"""The parts of `benchmarks/publishing.py`."""
