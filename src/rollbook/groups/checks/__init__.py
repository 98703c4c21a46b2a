"""How a student-group file is judged: as the state's system judges it, and as Rollbook reads it.

`state.state_verdict` says what the state reporting system says of a file, word for word and
row for row, its defects included; people ask before they send. `reading.read_group_file` is
Rollbook's own reading: any order of rows, another separator or encoding read aloud, every
fault at its line, nothing lost. What can be wrong is listed once, in `catalogue`. Neither
knows Django, a clock or a database: what a file is judged against is a `GroupFileWorld`.
"""
