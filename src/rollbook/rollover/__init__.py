"""Rollover: close one school year and open the next.

**Draft**: what would happen to every student, class and group, worked out from
last year's roster and a table of which school follows which. Students move up,
stay, transfer or leave; nothing happens until the draft has become a change
plan and a person has approved it. Promises: a rollover can be undone like any
other plan, and the closed year stays readable as it was.
"""
