"""From profiles and rosters to the rows of a group file, and from two files to what differs.

An **offer** is the least thing that a profile may write: a class, a teacher's class, a grade, a
caseload, a student group. Offers of one name and one crew of teachers are one **group**; a group of
more than 200 students has several **blocks**. A **stage** is the criterion that an offer or a
student's row failed; what has none left is written. All of it is values and frames: the same data
with the same memory give the same bytes, in whatever order they come.
"""
