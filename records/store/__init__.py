"""The store: media files under the sha256 of their content, in a folder or in a bucket.

A file is written under a temporary name, flushed to the disk and renamed; only then is it named in the ledger. So a
name in the store always stands for the whole file, and storing the same content twice is storing it once.
"""

from records.store.content import Content, Stored
from records.store.folder import Store
from records.store.opening import open_store

__all__ = ["Content", "Store", "Stored", "open_store"]
