"""Versioned columnar tables, and engines that answer questions about them.

A `LakeTable` is a folder of Parquet files under a Delta Lake log. `Lake` writes it: every upsert
or retraction is one version, named by the caller's transaction, so that sending it again changes
nothing. A `Query` is a question as an immutable value; an `Engine` answers it: `EmbeddedEngine`
on DuckDB, `ReferenceEngine` in plain Python, obviously right and slow, for tests.

Promises: a version, once answered from, answers the same until it is vacuumed; every engine gives
the same answer; nothing here knows Django, a school or a student's name; nothing here reads a
file that Rollbook did not write.
"""
