"""Reads of results: which a reader may see, counted and listed."""
