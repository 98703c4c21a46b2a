"""Student groups: by file, by hand, by rule, from classes; who is in them and who may look.

**Group**: students chosen for a reason, of one school and school year; never a
set of permissions. **Member**: a student in a group. **User**: a person to whom
a group is assigned, by address. **Rule group**: members follow from grades,
classes, courses and teachers, and are worked out again after each roster commit.
**Own group**: a teacher's choice among students seen already; it grants nothing.
**Import**: a group file that came in. Promises: a file is a change plan before
it changes anything, replaces exactly the groups that it names, and is undone;
whoever writes a group writes its history beside it; a group grants sight of
results only through `Scope`.
"""
