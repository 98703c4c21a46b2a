"""Student groups: by file, by hand or by rule; who is in them and who may look.

**Group**: students chosen for a reason, in one school and school year; never a
set of permissions. **Member**: a student in a group between two dates. **User**:
a person to whom a group is assigned. **Rule group**: members follow from classes
and grades and are worked out again after each roster commit. Promises: bulk
edits are change plans, and a group grants sight of results only through `Scope`.
"""
