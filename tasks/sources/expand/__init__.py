"""How a language model makes more of a brief: what it is asked, what its answer must be, and what becomes of it."""
