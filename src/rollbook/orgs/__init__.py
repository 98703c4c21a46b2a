"""Organizations and time: states, districts, schools, groups of them, years and terms.

**Organization**: a state, a district, a school, or a group of districts or
schools; a tree in which a grant at one place holds for all below it. **School
year** 2027 means 2026–27. **Term**: a part of a year with its own dates.
Promises: an organization is archived, never deleted, and its identifiers
(state code, source id) stay unique for as long as anything refers to it.
"""
