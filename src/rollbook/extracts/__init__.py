"""Extracts: student-group files out, for another reporting system.

**Profile**: which groups, in which layout, with which columns. **File**: one
profile written at one moment, with its digest. **Schedule**: when a profile is
written, in the agency's time zone. **Delivery**: a file on its way to another
system, retried until received or given up aloud. Promises: a file is written
whole or not at all, and a delivery that failed is on the home page of whoever can mend it.
"""
