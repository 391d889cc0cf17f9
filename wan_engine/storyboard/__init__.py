"""The engine that needs no model and no GPU: layered scenes that move, drawn from the words of the prompt."""
