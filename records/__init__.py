"""The ledger: the only memory, and the only truth about what happened."""
