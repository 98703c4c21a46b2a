"""People: students, staff, courses, classes and enrollments. Who was where, when.

**Student**: known by SSID to the state, by local id to the district, and by
source ids to the systems that told us. **Enrollment**: a student at a school, or
in a class, from a day until before another. Past days never change meaning: who
was at a school on a date is answered from dated rows, not from today's state.
Promises: every read takes a `Scope`, every model names its personal data, and
bulk edits come in as change plans only.
"""
