"""The AI labels, one a file: the visible one is always drawn, and drawn last."""
