"""Who may see what, from the rules alone: lists and loops, none of the product's queries.

Written from what the roles promise an auditor (access/rules.py) and from results-reporting 1.3.
Slow, and obviously right: read it from top to bottom.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tests.canary.facts import FIELDS, ExtractOf, FileOf, GroupOf, Program, Reader, Token, World

# What a reader is told of a student who is seen only through results taken at the reader's school.
ON_RESULT_PAGES = frozenset({"f", "l", "s", "o"})
ALL_FIELDS = frozenset(FIELDS) | {"b", "o"}
WITHHELD_IN_SANDBOX = frozenset({"ACCOUNT_READ", "ACCOUNT_WRITE", "ORGANIZATION_WRITE"})


@dataclass(frozen=True)
class Oracle:
    """Answer for one world; `permissions` says what each role allows."""

    world: World
    permissions: Mapping[str, frozenset[str]]

    # Where a reader holds what.

    def holds(self, reader: Reader, permission: str, place_id: int | None) -> bool:
        """Tell whether a permission holds at a place; at no place, only for the whole state."""
        return any(
            place_id in self._below(granted) or self.world.places[granted].kind == "state"
            for granted in self._granted(reader, permission)
        )

    def _granted(self, reader: Reader, permission: str) -> list[int]:
        if not reader.is_active:
            return []
        if reader.is_sandbox and permission in WITHHELD_IN_SANDBOX:
            return []
        today = self.world.today
        return [
            held.place_id
            for held in reader.held
            if held.starts_on <= today
            and (held.ends_before is None or today < held.ends_before)
            and permission in self.permissions[held.role]
        ]

    def _below(self, place_id: int) -> set[int]:
        return {other for other in self.world.places if place_id in self._above(other)}

    def _above(self, place_id: int) -> list[int]:
        chain: list[int] = []
        here: int | None = place_id
        while here is not None:
            chain.append(here)
            here = self.world.places[here].parent_id
        return chain

    # Which students.

    def enrolled(self, reader: Reader) -> set[int]:
        """Return the students who are now at a school where the reader reads individuals."""
        if self._sees_all(reader):
            return {number for number, pupil in self.world.pupils.items() if pupil.id}
        today = self.world.today
        return {
            stay.pupil
            for stay in self.world.stays
            if stay.is_active
            and (stay.begins_on is None or stay.begins_on <= today)
            and (stay.ends_before is None or today < stay.ends_before)
            and self.holds(reader, "INDIVIDUAL_PII_READ", stay.school_id)
        }

    def _sees_all(self, reader: Reader) -> bool:
        return self.holds(reader, "INDIVIDUAL_PII_READ", None)

    def groups(self, reader: Reader) -> list[GroupOf]:
        """Return the groups assigned to the reader that count today."""
        return [
            group
            for group in self.world.groups
            if group.is_active
            and group.school_year == self.world.school_year
            and reader.email.casefold() in group.logins
            and self.holds(reader, "GROUP_PII_READ", group.school_id)
        ]

    def persons(self, reader: Reader) -> set[int]:
        """Return the students whose person the reader sees."""
        return self.enrolled(reader).union(*(group.members for group in self.groups(reader)))

    # Which results.

    def scores(self, reader: Reader) -> set[int]:
        """Return the results the reader sees, by score."""
        enrolled, groups = self.enrolled(reader), self.groups(reader)
        return {
            result.score
            for result in self.world.results
            if self.holds(reader, "INDIVIDUAL_PII_READ", result.school_id)
            or result.pupil in enrolled
            or any(
                result.pupil in group.members and group.subject in ("", result.subject)
                for group in groups
            )
        }

    def named_by_results(self, reader: Reader) -> set[int]:
        """Return the students who are named beside results taken at the reader's schools."""
        return {
            result.pupil
            for result in self.world.results
            if self.holds(reader, "INDIVIDUAL_PII_READ", result.school_id)
        }

    # Which tokens, page by page.

    def tokens(self, reader: Reader, page: str, file: FileOf | None = None) -> set[Token]:
        """Return the student tokens that a kind of page may show; `file` is the one it is about."""
        if page == "decisions":
            return self.decisions(reader)
        if page in ("file", "plan") and file is not None and self.sees_file(reader, file):
            shown = {(number, letter) for number in file.pupils for letter in ALL_FIELDS}
            # A plan lists the edits by hand that its source contradicts.
            edited = self.persons(reader) & self.world.edited if page == "plan" else set[int]()
            return shown | {(number, letter) for number in edited for letter in "flpo"}
        if page in ("group files", "extracts"):
            known = self.sent_for if page == "group files" else self.written_for
            return {(number, "s") for number in known(reader)}
        if page == "export":
            return {(number, letter) for number in self.kept(reader) for letter in ALL_FIELDS}
        if page not in ("persons", "results"):
            return set()
        seen = {(number, letter) for number in self.persons(reader) for letter in ALL_FIELDS}
        if page == "results":
            named = self.named_by_results(reader)
            seen |= {(number, letter) for number in named for letter in ON_RESULT_PAGES}
        return seen

    def tokens_for_program(
        self, program: Program, route: str, arguments: Mapping[str, object]
    ) -> set[Token]:
        """Return what an address of the API may show to a program: students of its own files.

        One file is shown to who sent it, and to a program of the district that it is of.
        """
        if route == "api_imports":
            shown = [file for file in self.world.group_files if file.sent_by == program.id]
        elif route in ("api_import", "api_payload"):
            shown = [
                file
                for file in self.world.group_files
                if file.number == arguments["number"]
                and (file.sent_by == program.id or file.district_id == program.place_id)
            ]
        else:
            shown = []
        return {(number, "s") for file in shown for number in file.pupils}

    def decisions(self, reader: Reader) -> set[Token]:
        """Return what may be shown where people decide who is who.

        A request names the student to who approves rosters of the district that is asked, and says
        to the district that asks what its own file said; a question names the student to who reads
        the rosters of both schools; two records that look alike are shown to who sees both.
        """
        shown = {(number, letter) for number in self.persons(reader) for letter in ALL_FIELDS}
        for request in self.world.requests:
            if self.holds(reader, "ROSTER_APPROVE", request.from_id):
                shown |= {(request.pupil, letter) for letter in "fls"}
            if self.holds(reader, "ROSTER_READ", request.to_id):
                shown |= {(request.said, letter) for letter in "fls"}
        for question in self.world.questions:
            schools = question.from_id, question.to_id
            if all(self.holds(reader, "ROSTER_READ", school) for school in schools):
                shown |= {(question.pupil, letter) for letter in "fl"}
        return shown

    def kept(self, reader: Reader) -> set[int]:
        """Return the students of the rosters of districts where the reader sees names.

        A district may take its own roster along, whole, as it may open the file that it sent.
        """
        return {
            number
            for number, pupil in self.world.pupils.items()
            if pupil.district_id
            and self.holds(reader, "ROSTER_READ", pupil.district_id)
            and self.holds(reader, "INDIVIDUAL_PII_READ", pupil.district_id)
        }

    def sees_file(self, reader: Reader, file: FileOf) -> bool:
        right = "ROSTER_READ" if file in self.world.rosters else "DATA_WRITE"
        return self.holds(reader, right, file.organization_id)

    def sent_for(self, reader: Reader) -> set[int]:
        """Return who is in the group files of districts for which the reader writes groups."""
        return set().union(
            *(
                file.pupils
                for file in self.world.group_files
                if self.holds(reader, "GROUP_WRITE", file.district_id)
            )
        )

    def written_for(self, reader: Reader) -> set[int]:
        """Return who is in files all of whose schools, and their district, the reader writes."""
        return set().union(*(file.pupils for file in self._files(reader)))

    def _files(self, reader: Reader) -> list[ExtractOf]:
        return [
            file
            for file in self.world.extracts
            if all(
                self.holds(reader, "GROUP_WRITE", place)
                for place in (file.district_id, *file.school_ids)
            )
        ]

    def users_of_files(self, reader: Reader) -> set[int]:
        """Return the accounts whose addresses stand in files that the reader may have."""
        logins = {login for file in self._files(reader) for login in file.logins}
        return {other.number for other in self.world.readers if other.email in logins}

    def users_at_targets(self, reader: Reader) -> set[int]:
        """Return the accounts that targets of the reader's districts were sent."""
        logins = {
            login
            for file in self.world.extracts
            if self.holds(reader, "GROUP_WRITE", file.district_id)
            for login in file.logins
        }
        return {other.number for other in self.world.readers if other.email in logins}

    def hears_of_runs(self, reader: Reader) -> set[int]:
        """Return the accounts that hear of scheduled runs of places where the reader writes."""
        mails = {
            address
            for file in self.world.extracts
            if self.holds(reader, "GROUP_WRITE", file.district_id)
            for address in file.mails
        }
        return {other.number for other in self.world.readers if other.email in mails}

    def users_of_groups(self, reader: Reader, *, with_former: bool) -> set[int]:
        """Return the accounts that use groups which the reader opens, or once did.

        Those at schools where the reader reads groups, and students or writes groups; and those
        assigned to the reader. Nobody uses a person's own group.
        """
        assigned = self.groups(reader)
        logins = {
            login
            for group in self.world.groups
            if group in assigned
            or (
                self.holds(reader, "GROUP_READ", group.school_id)
                and (
                    self.holds(reader, "INDIVIDUAL_PII_READ", group.school_id)
                    or self.holds(reader, "GROUP_WRITE", group.school_id)
                )
            )
            for login in group.logins | (group.former if with_former else frozenset())
        }
        return {other.number for other in self.world.readers if other.email.casefold() in logins}

    def accounts(self, reader: Reader) -> set[int]:
        """Return the accounts whose names and addresses the reader sees."""
        if self.holds(reader, "ACCOUNT_READ", None):
            return {other.number for other in self.world.readers}
        return {
            other.number
            for other in self.world.readers
            if any(self.holds(reader, "ACCOUNT_READ", held.place_id) for held in other.held)
        }

    def owners(self, reader: Reader) -> set[int]:
        """Return who is named as the owner of a place, or of one above, whose roster is read."""
        return {
            owner
            for place, owner in self.world.owners
            if any(self.holds(reader, "ROSTER_READ", below) for below in self._below(place))
        }
