"""How a product feed or a list is read: the file, its format, its rows, and what a row means as a product."""
