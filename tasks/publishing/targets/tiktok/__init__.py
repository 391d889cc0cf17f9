"""TikTok: `target` speaks with it, `creator` is what an account may post, `chunks` and `progress` are its uploads."""
