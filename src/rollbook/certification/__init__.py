"""Certification: a responsible person signs that the numbers of one moment are right.

**Event**: one certification that an agency asks for. **Category**: a part of an
event with its own reports. **Window**: the dates in which an event may be
signed. **Receipt**: the proof that somebody signed, naming the digests of a
snapshot. **Recertification**: signing again after a correction, with a reason.
Promises: nothing is signed but a frozen snapshot, no receipt ever changes, and
the last page before signing shows exactly what is being signed.
"""
