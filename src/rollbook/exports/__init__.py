"""Exports: result rows out, for a person who asked.

**Export**: a file of result rows in a declared layout, made in the background
and kept for its requester for a limited time. Student-group files for another
reporting system are *extracts*, not exports. Promises: a row is in the file only
if the requester may see that student on that day, and no cell of a CSV or
spreadsheet is taken for a formula.
"""
