"""From a brief and a variant to words: sandboxed templates, the matrix, and a lint for light models."""
