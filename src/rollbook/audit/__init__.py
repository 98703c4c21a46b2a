"""Audit: append-only; who did what to what, when. Hash chained.

**Entry**: an actor, a verb, the kind and id of the thing, a moment, and counts
or digests. Each entry holds the hash of the one before, so that a removed or
edited entry shows. Entries are text, not foreign keys: they outlive what they
name. Promises: an entry is written in the same transaction as what it records,
and none holds personal data of a student.
"""
