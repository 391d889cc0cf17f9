"""How this process treats large blocks of memory."""

from __future__ import annotations

import ctypes
from functools import cache

#: glibc's names for what can be set (malloc.h), and to what: bytes, or a number of heaps.
_SETTINGS = {
    -1: 512 * 1024 * 1024,  # M_TRIM_THRESHOLD: free memory at the top of the heap that is kept
    -3: 256 * 1024 * 1024,  # M_MMAP_THRESHOLD: blocks above this are asked of the kernel one by one
    -8: 1,  # M_ARENA_MAX: threads share one heap; heaps of their own hold no block of more than 32 MB
}


@cache
def keep_large_blocks() -> None:
    """Keep freed blocks of some megabytes for the next array instead of giving each back to the kernel.

    A picture in float32 is a block of ten megabytes. By default each temporary one is mapped, filled with zeros page by
    page, and unmapped again, which takes a fifth of the time of drawing a clip. Only glibc can be told so; other C
    libraries do as they always do.
    """
    library = ctypes.CDLL(None)
    if hasattr(library, "gnu_get_libc_version"):
        for name, value in _SETTINGS.items():
            library.mallopt(name, value)
