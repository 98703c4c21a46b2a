"""Validation: rules over the data we hold now, all year and not only at a deadline.

**Rule**: one thing that should be true of current data, with a code. **Finding**:
one place where it is not; open until the data changes or somebody waives it.
**Waiver**: a person's signed reason to accept a finding, with an end. Checks on
files coming in are not here: they belong to the domain that takes the file.
Promises: a finding is found again under the same identity, and a fixed one closes itself.
"""
