"""One file for each outside system that sends rosters. Network and files, no Django."""
