"""From a brief and a variant to words: sandboxed templates, the matrix, and a lint that knows what light models cannot do."""
