"""Reports: a question about results, compiled, run, suppressed and shaped.

**Question**: an immutable value that says what to count, over whom, and how to
split it. The compiler turns it into an expression, an engine of the lake runs
it, suppression hides cells too small to show and those that would give them
away, and the shape is what a page, a CSV file or a printout needs. Promises:
the answer names the version of the results it read, and the same question on
the same version is the same answer on every engine.
"""
