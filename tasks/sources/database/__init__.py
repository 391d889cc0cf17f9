"""How a database is asked for rows: a connection that cannot write, the question, and values as JSON can hold them."""
