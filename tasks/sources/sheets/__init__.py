"""How a spreadsheet is read: where it is exported, its rows of cells, and what a row says under its column names."""
