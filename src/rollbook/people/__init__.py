"""People: students, staff, courses, classes and enrollments. Who was where, when.

**Student**: known by SSID to the state, by local id to the district, and by
source ids to the systems that told us. **Enrollment**: a student at a school, or
in a class, from a day until before another. An enrollment that is over is ended,
not erased, and each school year has its own. A move within a school year is the
exception: it rewrites the enrollment at the school (decision 0011), and where the
student was before is told by the plan that moved them and by the results of that
time. Promises: every read takes a `Scope`, every model names its personal data, and
bulk edits come in as change plans only.
"""
