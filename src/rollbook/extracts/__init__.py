"""Extracts: student-group files out, for another reporting system.

**Profile**: which students of which schools become groups, and what they are
called. **File**: what profiles gave at one moment, with its digest. **Schedule**:
when an organization's profiles are written. **Target**: where files go. **Delivery**:
a file on its way there. Promises: a file is written whole or not at all, and the
same data with the same memory of blocks give the same bytes; every student of
the chosen schools is in it or is named with the first thing that failed; a
delivery arrives once, and one that failed is on the home page of whoever can mend it.
"""
