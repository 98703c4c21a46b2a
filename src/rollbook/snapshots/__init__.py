"""Snapshots: freeze tables, digest them, sign, verify offline.

**Snapshot**: the rows of named tables and versions at one moment, written once.
**Digest**: SHA-256 over a canonical form, so that the same rows have the same
digest on every machine. **Signature**: Ed25519 over the digests. Promises:
a snapshot cannot be changed without its digest telling, and anybody who holds
the files and the public key can verify them without this software's database.
"""
