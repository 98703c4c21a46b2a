"""Say of a group file what the state reporting system says of it, its defects included.

The walk is theirs in every step that shows: the count of students belongs to the group before,
is judged one group late, and is told under whatever school is current by then.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from operator import itemgetter
from pathlib import Path
from typing import Final

from rollbook.groups.checks.java_text import (
    WHITE_SPACE,
    is_blank,
    is_without_name,
    whole_number,
    without_case,
)
from rollbook.groups.checks.state_records import FileBreaks, records_of, text_of
from rollbook.groups.layouts import GROUP_FILE
from rollbook.groups.types import (
    MOST_STUDENTS,
    GroupFileWorld,
    StateMessage,
    StateVerdict,
)

MOST_MESSAGES: Final = 100
EMPTY: Final = "Empty file"
NOT_CSV: Final = "File does not appear to be a valid CSV with a header row"
WRONG_HEADERS: Final = f"Invalid headers. Headers must be in order: [{','.join(GROUP_FILE)}]"
NOT_FOUND: Final = "] can not be found"
READING: Final = "Error reading file ["
_LOOKED_UP: Final = ("school_natural_id", "group_name", "school_year", "subject_code")
_ALL: Final = "all"


def state_verdict(source: Path | bytes, world: GroupFileWorld) -> StateVerdict:
    """Judge a group file as the state's system does.

    Shape:  messages in the order in which they are told; at most 100 about records and one that
            counts the others.
    Raises: OSError when a path cannot be read.
    Source: certification-and-groups 2.3; results-reporting 5.2
    """
    content = source.read_bytes() if isinstance(source, Path) else source
    records = records_of(text_of(content))
    try:
        header = next(records, None)
    except FileBreaks as breaks:
        return _refused(_broken(breaks))
    if header is not None and any(map(is_without_name, header)):
        return _refused(NOT_CSV)
    return _judged(header, records, world)


def _judged(
    header: list[str] | None, records: Iterator[list[str]], world: GroupFileWorld
) -> StateVerdict:
    try:
        first = next(records, None) if header is not None else None
        if header is None or first is None:
            return _refused(EMPTY)
        columns = _columns(header)
        names = sorted(columns, key=columns.__getitem__)
        is_as_told = tuple(names[: len(GROUP_FILE)]) == GROUP_FILE
        if not is_as_told and tuple(names) == GROUP_FILE[: len(names)]:
            return _refused(WRONG_HEADERS)  # too few, which breaks theirs without a word
        walk = _Walk(world, columns, records=chain([first], records))
        said, is_sound = walk.run()
    except FileBreaks as breaks:
        return _refused(_broken(breaks))
    if is_as_told:
        return StateVerdict(is_sound, said)
    return StateVerdict(False, (StateMessage(0, WRONG_HEADERS), *said))


def _columns(header: list[str]) -> dict[str, int]:
    """Return where each column is; of two that differ in case at most, the later one counts."""
    return {without_case(name): place for place, name in enumerate(header)}


def _broken(breaks: FileBreaks) -> str:
    return f"{READING}{breaks}]"


def _refused(says: str) -> StateVerdict:
    return StateVerdict(False, (StateMessage(0, says),))


@dataclass(slots=True)
class _Said:
    """Collect messages of one kind: the first hundred, and how many there were."""

    what: str
    first: list[StateMessage] = field(default_factory=list[StateMessage])
    count: int = 0

    def add(self, row: int, says: str) -> None:
        """Add one message."""
        self.count += 1
        if self.count <= MOST_MESSAGES:
            self.first.append(StateMessage(row, says))

    def told(self) -> tuple[StateMessage, ...]:
        """Return the messages as they are told."""
        more = self.count - MOST_MESSAGES
        if more <= 0:
            return tuple(self.first)
        return (*self.first, StateMessage(0, f"With {more} additional {self.what}"))


@dataclass(slots=True)
class _Walk:
    """Hold where the walk over the records is, and what was said so far."""

    world: GroupFileWorld
    columns: Mapping[str, int]
    records: Iterable[list[str]]
    failures: _Said = field(default_factory=lambda: _Said("validation failures"))
    failed: set[str] = field(default_factory=set[str])
    successes: _Said = field(default_factory=lambda: _Said("schools"))
    subjects: frozenset[str] | None = None
    school: str | None = None
    group: str | None = None
    key: str | None = None
    subject: str | None = None
    student_count: int = 0
    group_count: int = 0
    finished_schools: set[str] = field(default_factory=set[str])
    finished_groups: set[str] = field(default_factory=set[str])

    def run(self) -> tuple[tuple[StateMessage, ...], bool]:
        """Judge every record; return what is said, and whether that is all good."""
        if self.world.subjects is not None:
            self.subjects = frozenset(subject.lower() for subject in self.world.subjects)
        try:
            row = self._judge_records()
        except LookupError:  # a column is missing, or a record ends before it
            return (StateMessage(0, NOT_CSV),), False
        self._judge_count(row)
        if self.failures.count:
            return self.failures.told(), False
        self._note_success(row)
        return self.successes.told(), True

    def _judge_records(self) -> int:
        """Judge the records and return the number of the last one.

        Raises: LookupError when a cell that is asked for is not there.
        """
        looked_up = itemgetter(*(self.columns[name] for name in _LOOKED_UP))
        ssid_at = self.columns.get("student_ssid")
        before: tuple[str, ...] | None = None
        row = 0
        for row, record in enumerate(self.records, start=1):
            cells = looked_up(record)
            # The record after its like changes nothing and says nothing new.
            if cells != before:
                before = cells if self._judge_record(row, *cells) else None
            if before is not None:
                if ssid_at is None:
                    raise LookupError
                ssid = record[ssid_at]
                if ssid and ssid.strip(WHITE_SPACE):
                    self.student_count += 1
        return row

    def _judge_record(self, row: int, school: str, group: str, year: str, subject: str) -> bool:
        """Judge one record; tell whether its student counts."""
        number = whole_number(year)
        if is_blank(school) or is_blank(group) or number is None:
            self._miss(row, school, group, number)
            return False
        subject = subject.strip(WHITE_SPACE)
        self._judge_words(row, number, subject)
        if school != self.school and not self._turn_to_school(row, school):
            return False
        key = f"{school}{group}{number}"
        if self.key is None or without_case(key) != without_case(self.key):
            self._turn_to_group(row, group, key)
        self._judge_subject(row, subject)
        return True

    def _miss(self, row: int, school: str, group: str, year: int | None) -> None:
        missing = (is_blank(school), is_blank(group), year is None)
        for is_missing, name in zip(missing, ("school", "group name", "school year"), strict=True):
            if is_missing:
                self._fail(row, f"Record does not contain a {name}", is_unique=False)

    def _judge_words(self, row: int, year: int, subject: str) -> None:
        if self.world.years is not None and year not in self.world.years:
            self._fail(row, f"Invalid school year: {year}")
        is_judged = subject and self.subjects is not None
        if is_judged and subject.lower() != _ALL and subject.lower() not in (self.subjects or ()):
            self._fail(row, f"Invalid subject: {subject}")

    def _turn_to_school(self, row: int, school: str) -> bool:
        if self.school is not None:
            self.finished_schools.add(self.school)
            self._note_success(row)
        self.finished_groups.clear()
        self.key = self.school = None
        self.group_count = 0
        is_known = self.world.school_ids is None or school in self.world.school_ids
        if not is_known:
            self._fail(row, f"School [{school}{NOT_FOUND}")
        is_new = school not in self.finished_schools
        if not is_new:
            self._fail(row, f"School [{school}] is out-of-order: sort CSV by school, group, year")
        if is_known and is_new:
            self.school = school
        return self.school is not None

    def _turn_to_group(self, row: int, group: str, key: str) -> None:
        if self.key is not None:
            self.finished_groups.add(self.key)
        self.subject = None
        self._judge_count(row - 1)
        self.key, self.group = key, group
        self.student_count = 0
        self.group_count += 1
        if key in self.finished_groups:
            self._fail(row, "Record is out-of-order: sort CSV by school, group, year")

    def _judge_count(self, row: int) -> None:
        if self.student_count > MOST_STUDENTS:
            school = "null" if self.school is None else self.school
            self._fail(
                row,
                f"School [{school}] Group [{self.group}] contains {self.student_count} students.  "
                f"Maximum students allowed per group is {MOST_STUDENTS}",
            )

    def _judge_subject(self, row: int, subject: str) -> None:
        if self.subject is None:
            self.subject = subject or None
        elif subject and without_case(subject) != without_case(self.subject):
            self._fail(
                row,
                "Record is attempting to re-define group subject "
                f"from [{self.subject}] to [{subject}]",
            )
            self.subject = subject

    def _note_success(self, row: int) -> None:
        groups = "1 group" if self.group_count == 1 else f"{self.group_count} groups"
        self.successes.add(row, f"{groups} accepted for {self.school}.")

    def _fail(self, row: int, says: str, *, is_unique: bool = True) -> None:
        if is_unique and says in self.failed:
            return
        self.failed.add(says)
        self.failures.add(row, says)


def state_answer(verdict: StateVerdict) -> str:
    """Write the verdict as the state's service keeps it with the import: one line per message."""
    if verdict.accepted:
        return "\n".join(message.says for message in verdict.messages)
    return "\n".join(f"Row: {message.row} Failure: {message.says}" for message in verdict.messages)
