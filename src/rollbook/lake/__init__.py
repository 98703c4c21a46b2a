"""The lake: versioned columnar tables, and the engines that read them.

**Table**: Parquet files with ACID versions (Delta Lake), on disk or in object
storage. **Version**: a number under which a table can be read again for good.
**Engine**: what runs an expression: embedded (DuckDB through Ibis), and a slow
plain-Python reference that is obviously right. Promises: one conformance suite
passes on every engine, and an append with a known application id is a no-op.
"""
