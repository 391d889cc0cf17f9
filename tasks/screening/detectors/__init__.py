"""Detectors, one a file; `base.Detector` is the contract."""
