"""The ground every floor stands on: nouns, errors, settings, ffmpeg and frames, the guarded HTTP client."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("reelmill")
except PackageNotFoundError:  # a source tree that nobody installed
    __version__ = "0+unknown"

__all__ = ["__version__"]
