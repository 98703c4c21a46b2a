"""Jobs: the queue, the schedule, progress and history of work in the background.

**Job**: the name of a function in some domain's `jobs.py` and the ids it needs.
**Attempt**: one run of it. **Schedule**: when to queue a job, in a named time
zone, right across daylight saving. Promises: the effect of a job and its
acknowledgement commit together, so that a killed worker never does a thing
twice; a job that keeps failing stops and says so. Why this is a table of our
own: docs/decisions/0006-jobs-in-our-own-table.md.
"""
