"""Where briefs come from. One file a source; `base.Source` is the contract."""
