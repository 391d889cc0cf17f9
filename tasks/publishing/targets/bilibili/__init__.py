"""Bilibili (哔哩哔哩) by its open platform."""
