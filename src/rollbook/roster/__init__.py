"""Rosters in: who is at which school, in which class, since when.

A roster arrives as an *intake*: a OneRoster zip, an SIS file, a Clever pull. `sources/` reads
it into a *bundle* of text tables, `checks/` finds what is wrong with it and makes the typed
frames, `plan` works out what would change, and `actions/` proposes that as a change plan.

A *finding* is one thing wrong, with a code. In the *strict* profile the findings are what a
conformance run would say; in the *lenient* profile each thing that real districts send and
that can be read without guessing is repaired, named and counted as a warning.

It promises: no value is guessed; every accepted cell equals the source's cell after one
declared normalization; a record left out is never read as a record removed.
"""
