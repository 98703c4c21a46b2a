"""Reads of people: students, the classes they are in, and the state a roster is planned from."""
