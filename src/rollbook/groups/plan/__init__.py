"""What a group file would change, worked out without a database.

**Named group**: one that the file lists, by school, name (whatever its case) and
school year; it ends up with exactly the students and users listed. Groups that
the file does not name never appear here. **Tainted group**: one with a row that
cannot be used; when only part of a file goes in, it stays out whole, because
half a list would take the other half of its students out.
"""
