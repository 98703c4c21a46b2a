"""CSV, ZIP and XML in and out: bytes become text under declared limits.

An uploaded file is hostile until this folder has read it. `zip.open_zip` opens a package,
`csv.read_csv` reads a table, `xml.read_xml` reads a document, `digests.sha256_of` names a
file by its bytes. Each returns what it could read and a report of findings; none of them
raises because of what a file holds.

The promise: every accepted cell is the source cell, byte for byte, after its quotes are
taken off; whatever cannot be accepted is a finding with its file, line and column. Types
are never guessed. What may be read is bounded by `limits.Limits`; what can be wrong is
listed in `checks.CHECKS`. Nothing here knows schools, Django or a database.
"""
