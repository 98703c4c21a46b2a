"""The state's rules for a group file, told again in another way, for comparison.

Written from the rules alone and sharing nothing with the code under test but the words of the
messages; slow, and plain.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

HEADERS = "group_name school_natural_id school_year subject_code student_ssid group_user_login"
ORDER = f"Invalid headers. Headers must be in order: [{HEADERS.replace(' ', ',')}]"
NO_CSV = "File does not appear to be a valid CSV with a header row"
# What Java calls white space: not the no-break spaces.
JAVA_SPACE = (
    "\t\n\x0b\x0c\r\x1c\x1d\x1e\x1f \u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2008\u2009"
    "\u200a\u2028\u2029\u205f\u3000"
)

Said = tuple[int, str]


class Breaks(Exception):
    """Say that the file cannot be taken apart."""


def verdict(
    content: bytes, *, schools: Collection[str], subjects: Collection[str], years: Collection[int]
) -> tuple[bool, list[Said]]:
    """Return whether the file is accepted, and (row, message) in order."""
    text = content.removeprefix(b"\xef\xbb\xbf").decode("utf-8", errors="replace")
    broken = [(0, "Error reading file")]
    rows: list[list[str]] = []
    breaks = False
    try:
        for row in _rows(text):
            rows.append(row)
    except Breaks:
        breaks = True  # what stands before is judged first
    if rows and any(not name.strip(JAVA_SPACE) for name in rows[0]):
        return False, [(0, NO_CSV)]
    if len(rows) < 2:
        return False, broken if breaks else [(0, "Empty file")]
    place = {name.lower(): at for at, name in enumerate(rows[0])}
    in_order = " ".join(sorted(place, key=lambda name: place[name])[:6])
    if in_order != HEADERS and HEADERS.startswith(in_order):
        return False, [(0, ORDER)]
    said, good = _judged(rows[1:], place, schools, subjects, years)
    if breaks and said != [(0, NO_CSV)]:
        return False, broken
    if in_order != HEADERS:
        return False, [(0, ORDER), *said]
    return good, said


def _rows(text: str) -> Iterator[list[str]]:
    """Take text apart as the state's reader does, one pattern per cell."""
    cell = re.compile(
        r'"((?:[^"]|"")*)"[ \t\x0b\x0c\x1c-\x1f]*(?=,|\r|\n|\Z)|([^",\r\n][^,\r\n]*|)'
    )
    at = 0
    while at < len(text):
        if end := re.compile(r"\r\n|\r|\n").match(text, at):
            at = end.end()  # a line with nothing on it
            continue
        row: list[str] = []
        while True:
            found = cell.match(text, at)
            if found is None or (text[at : at + 1] == '"' and found[1] is None):
                raise Breaks
            row.append(found[2] if found[1] is None else found[1].replace('""', '"'))
            at = found.end()
            if text[at : at + 1] != ",":
                break
            at += 1
        yield row
        if end := re.compile(r"\r\n|\r|\n").match(text, at):
            at = end.end()


class _Failures(list[Said]):
    """Collect failures; `once` does not repeat a text."""

    def once(self, number: int, says: str, *, when: bool = True) -> bool:
        if when and all(says != told for _, told in self):
            self.append((number, says))
        return when


def _judged(
    records: list[list[str]],
    place: dict[str, int],
    schools: Collection[str],
    subjects: Collection[str],
    years: Collection[int],
) -> tuple[list[Said], bool]:
    failures, successes = _Failures(), list[Said]()
    known_subjects = {"all", *(subject.lower() for subject in subjects)}
    closed_schools: list[str] = []
    closed_groups: list[str] = []
    school_now: str | None = None
    key_now: str | None = None
    group_counted: str | None = None
    students = groups = 0
    subject_now = ""
    for number, record in enumerate(records, start=1):
        cells = {name: _cell(record, place, name) for name in HEADERS.split()}
        school, group = cells["school_natural_id"], cells["group_name"]
        if None in (school, group, cells["school_year"], cells["subject_code"]):
            return [(0, NO_CSV)], False
        year = _integer(cells["school_year"] or "")
        subject = (cells["subject_code"] or "").strip(JAVA_SPACE)
        lacks = {
            "school": not (school or "").strip(JAVA_SPACE),
            "group name": not (group or "").strip(JAVA_SPACE),
            "school year": year is None,
        }
        failures += [
            (number, f"Record does not contain a {what}") for what, is_so in lacks.items() if is_so
        ]
        if any(lacks.values()):
            continue
        failures.once(number, f"Invalid school year: {year}", when=year not in years)
        is_strange = bool(subject) and subject.lower() not in known_subjects
        failures.once(number, f"Invalid subject: {subject}", when=is_strange)
        if school != school_now:
            if school_now is not None:
                closed_schools.append(school_now)
                successes.append((number, _accepted(groups, school_now)))
            closed_groups, key_now, school_now, groups = [], None, None, 0
            refused = [
                failures.once(
                    number, f"School [{school}] can not be found", when=school not in schools
                ),
                failures.once(
                    number,
                    f"School [{school}] is out-of-order: sort CSV by school, group, year",
                    when=school in closed_schools,
                ),
            ]
            if any(refused):
                continue
            school_now = school
        key = f"{school}{group}{year}"
        if key_now is None or key_now.lower() != key.lower():
            closed_groups += [] if key_now is None else [key_now]
            _judge_count(failures, number - 1, school_now, group_counted, students)
            key_now, group_counted, subject_now, students = key, group, "", 0
            groups += 1
            failures.once(
                number,
                "Record is out-of-order: sort CSV by school, group, year",
                when=key in closed_groups,
            )
        if subject:
            failures.once(
                number,
                "Record is attempting to re-define group subject "
                f"from [{subject_now}] to [{subject}]",
                when=bool(subject_now) and subject_now.lower() != subject.lower(),
            )
            is_other = subject_now.lower() != subject.lower()
            subject_now = subject if is_other or not subject_now else subject_now
        ssid = cells["student_ssid"]
        if ssid is None:
            return [(0, NO_CSV)], False
        students += bool(ssid.strip(JAVA_SPACE))
    _judge_count(failures, len(records), school_now, group_counted, students)
    if failures:
        return _cut(failures, "validation failures"), False
    successes.append((len(records), _accepted(groups, school_now or "null")))
    return _cut(successes, "schools"), True


def _judge_count(
    failures: _Failures, number: int, school: str | None, group: str | None, students: int
) -> None:
    failures.once(
        number,
        f"School [{school or 'null'}] Group [{group or 'null'}] contains {students} students."
        "  Maximum students allowed per group is 200",
        when=students > 200,
    )


def _cell(record: list[str], place: dict[str, int], name: str) -> str | None:
    at = place.get(name)
    return None if at is None or at >= len(record) else record[at]


def _integer(text: str) -> int | None:
    if not re.fullmatch(r"[+-]?\d+", text):
        return None
    return number if -(2**31) <= (number := int(text)) < 2**31 else None


def _accepted(groups: int, school: str) -> str:
    return f"{groups} group{'' if groups == 1 else 's'} accepted for {school}."


def _cut(said: list[Said], what: str) -> list[Said]:
    more = len(said) - 100
    return said if more <= 0 else [*said[:100], (0, f"With {more} additional {what}")]
