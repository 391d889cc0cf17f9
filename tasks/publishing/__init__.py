"""How renditions reach targets. One file a target in `targets/`; `base.Target` is the contract."""
