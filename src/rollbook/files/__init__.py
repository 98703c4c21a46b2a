"""Files: CSV, ZIP and XML in and out, with encodings and limits.

Uploaded bytes are hostile. This folder reads them as text, within declared
limits, and says in one sentence why it refuses. Promises: every cell equals the
source cell after one declared normalization, a line number is the one a
spreadsheet shows (header = 1), and types are never guessed.
"""
