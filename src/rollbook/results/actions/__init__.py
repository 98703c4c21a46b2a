"""Writes of results: take files in, publish them to the lake."""
