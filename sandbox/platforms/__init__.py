"""One platform a file. `sandbox.platform.Platform` is what they share."""
