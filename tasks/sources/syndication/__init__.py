"""How RSS and Atom are read: the document as entries, an entry as a story, and the moments that it names."""
