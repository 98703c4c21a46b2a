"""Subjects, assessments, items, targets, norms and instructional resources.

A **subject** (ELA, Math, CAST, ELPAC or one a state defines in XML) says which assessment types it
has, into which performance levels scores fall, and which claims and alternate scores it reports.
An **assessment** is one test of a subject for one grade; its **items** are the questions. Results
refer to assessments by natural id and are checked against them.

Promises: a code once in use keeps its meaning; an assessment is accepted or refused on its own; the
four shipped subjects need no file. `types`, `layouts`, `checks` and `sources` know no database.
"""
