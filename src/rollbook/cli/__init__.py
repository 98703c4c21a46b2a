"""The `rollbook` command: one module per domain.

A command parses its arguments, makes one call down as the operator at the
server's own shell, and prints the answer: for a person by default, as JSON for
a program. **Exit status**: 0 done (also with warnings), 1 the input has errors
or a rule refused, 2 the command was called wrongly. Promises: what the pages do
to data, a command does too, through the same actions; and no student's data is
printed unless the command's name says so.
"""
