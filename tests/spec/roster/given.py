"""A small good OneRoster bundle of either version, and a language of small defects."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from dataclasses import dataclass, field

from rollbook.roster.layouts import LAYOUTS

Row = dict[str, str]

_MOMENT = "2026-08-15T12:00:00.000Z"
_UUID = "0f8fad5b-d9cb-469f-a165-70867728950e"

_BOTH: dict[str, list[Row]] = {
    "orgs": [
        {"sourcedId": "dist", "name": "District", "type": "district", "identifier": "19"},
        {"sourcedId": "sch-1", "name": "North", "type": "school", "parentSourcedId": "dist"},
        {"sourcedId": "sch-2", "name": "South", "type": "school", "parentSourcedId": "dist"},
    ],
    "academicSessions": [
        {"sourcedId": "year", "title": "2026-2027", "type": "schoolYear", "schoolYear": "2027",
         "startDate": "2026-08-10", "endDate": "2027-06-10"},
        {"sourcedId": "fall", "title": "Fall", "type": "term", "schoolYear": "2027",
         "startDate": "2026-08-10", "endDate": "2026-12-20", "parentSourcedId": "year"},
        {"sourcedId": "spring", "title": "Spring", "type": "gradingPeriod", "schoolYear": "2027",
         "startDate": "2027-01-04", "endDate": "2027-06-10", "parentSourcedId": "year"},
    ],
    "courses": [
        {"sourcedId": "crs", "schoolYearSourcedId": "year", "title": "Math 3", "grades": "03",
         "orgSourcedId": "dist", "subjects": "Math", "subjectCodes": "02001"},
    ],
    "classes": [
        {"sourcedId": "cls-1", "title": "Math 3 A", "grades": "03", "courseSourcedId": "crs",
         "classType": "scheduled", "schoolSourcedId": "sch-1", "termSourcedIds": "fall,spring",
         "subjects": "Math", "subjectCodes": "02001", "periods": "1"},
        {"sourcedId": "cls-2", "title": "Math 3 B", "grades": "03", "courseSourcedId": "crs",
         "classType": "homeroom", "schoolSourcedId": "sch-2", "termSourcedIds": "fall"},
    ],
    "users": [
        {"sourcedId": "stu-1", "username": "eli", "givenName": "Eli", "familyName": "Soto",
         "identifier": "100", "email": "eli@example.org", "grades": "03", "userIds": "{SIS:100}"},
        {"sourcedId": "stu-2", "username": "ana", "givenName": "Ana", "familyName": "O'Dell",
         "identifier": "101", "email": "ana@example.org", "grades": "03"},
        {"sourcedId": "tch-1", "username": "cara", "givenName": "Cara", "familyName": "Ito",
         "identifier": "t1", "email": "cara@example.org"},
        {"sourcedId": "tch-2", "username": "dev", "givenName": "Dev", "familyName": "Park",
         "identifier": "t2", "email": "dev@example.org", "agentSourcedIds": "tch-1"},
    ],
    "enrollments": [
        {"sourcedId": "e1", "classSourcedId": "cls-1", "schoolSourcedId": "sch-1",
         "userSourcedId": "stu-1", "role": "student", "beginDate": "2026-08-10",
         "endDate": "2027-06-10"},
        {"sourcedId": "e2", "classSourcedId": "cls-2", "schoolSourcedId": "sch-2",
         "userSourcedId": "stu-2", "role": "student"},
        {"sourcedId": "e3", "classSourcedId": "cls-1", "schoolSourcedId": "sch-1",
         "userSourcedId": "tch-1", "role": "teacher", "primary": "true"},
        {"sourcedId": "e4", "classSourcedId": "cls-2", "schoolSourcedId": "sch-2",
         "userSourcedId": "tch-2", "role": "teacher", "primary": "true"},
    ],
    "demographics": [
        {"sourcedId": "stu-1", "birthDate": "2018-03-15", "sex": "female", "asian": "false"},
        {"sourcedId": "stu-2", "birthDate": "2017-11-02", "sex": "male", "white": "true"},
    ],
    "categories": [{"sourcedId": "cat", "title": "Quiz"}],
    "lineItems": [
        {"sourcedId": "li", "title": "Quiz 1", "assignDate": "2026-09-01",
         "dueDate": "2026-09-08", "classSourcedId": "cls-1", "categorySourcedId": "cat",
         "resultValueMin": "0", "resultValueMax": "10"},
    ],
    "results": [
        {"sourcedId": "res", "lineItemSourcedId": "li", "studentSourcedId": "stu-1",
         "scoreStatus": "fully graded", "score": "9.5", "scoreDate": "2026-09-09"},
    ],
    "resources": [
        {"sourcedId": "book", "vendorResourceId": "v1", "title": "Book", "roles": "student",
         "importance": "primary"},
    ],
    "classResources": [
        {"sourcedId": "cr", "classSourcedId": "cls-1", "resourceSourcedId": "book"},
    ],
    "courseResources": [
        {"sourcedId": "co", "courseSourcedId": "crs", "resourceSourcedId": "book"},
    ],
}  # fmt: skip

_ONLY_1_2: dict[str, list[Row]] = {
    "roles": [
        {"sourcedId": f"r{number}", "userSourcedId": user, "roleType": "primary", "role": role,
         "orgSourcedId": org}
        for number, (user, role, org) in enumerate(
            [("stu-1", "student", "sch-1"), ("stu-2", "student", "sch-2"),
             ("tch-1", "teacher", "sch-1"), ("tch-2", "teacher", "sch-2")], start=1)
    ],
    "userProfiles": [
        {"sourcedId": "p1", "userSourcedId": "stu-1", "profileType": "app", "vendorId": "v",
         "credentialType": "password", "username": "eli"},
        {"sourcedId": "p2", "userSourcedId": "stu-2", "profileType": "app", "vendorId": "v",
         "credentialType": "password", "username": "ana"},
    ],
    "userResources": [
        {"sourcedId": "ur", "userSourcedId": "stu-1", "classSourcedId": "cls-1",
         "orgSourcedId": "sch-1", "resourceSourcedId": "book"},
    ],
    "scoreScales": [
        {"sourcedId": "scale", "title": "Letters", "type": "letters", "orgSourcedId": "dist",
         "courseSourcedId": "crs", "classSourcedId": "cls-1",
         "scoreScaleValue": "{A:90-100},{B:80-89}"},
    ],
    "lineItemScoreScales": [
        {"sourcedId": "ls", "lineItemSourcedId": "li", "scoreScaleSourcedId": "scale"},
    ],
    "resultScoreScales": [
        {"sourcedId": "rs", "resultSourcedId": "res", "scoreScaleSourcedId": "scale"},
    ],
    "lineItemLearningObjectiveIds": [
        {"sourcedId": "lo", "lineItemSourcedId": "li", "source": "case",
         "learningObjectiveId": _UUID},
    ],
    "resultLearningObjectiveIds": [
        {"sourcedId": "ro", "resultSourcedId": "res", "source": "unknown",
         "learningObjectiveId": "anything"},
    ],
}  # fmt: skip

_ROLE_1_1 = {"stu-1": "student", "stu-2": "student", "tch-1": "teacher", "tch-2": "teacher"}
_ORG_1_1 = {"stu-1": "sch-1", "stu-2": "sch-2", "tch-1": "sch-1", "tch-2": "sch-2"}


@dataclass
class Bundle:
    """Hold a bundle that can be spoilt: tables as rows, the manifest, names in the zip."""

    version: str
    headers: dict[str, list[str]]
    rows: dict[str, list[Row]]
    manifest: list[list[str]]
    names: dict[str, str] = field(default_factory=dict)
    texts: dict[str, bytes] = field(default_factory=dict)

    def zip(self) -> bytes:
        """Return the bundle as the bytes of a zip."""
        files = {"manifest.csv": _csv(self.manifest)} if self.manifest else {}
        for file, rows in self.rows.items():
            header = self.headers[file]
            cells = [[row.get(name, "") for name in header] for row in rows]
            files[f"{file}.csv"] = _csv([_shown(header), *cells])
        files |= self.texts
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in files.items():
                # At one moment: equal content has equal bytes, whenever it is written.
                entry = zipfile.ZipInfo(self.names.get(name, name), (2026, 8, 1, 0, 0, 0))
                archive.writestr(entry, content, zipfile.ZIP_DEFLATED)
        return packed.getvalue()


# What most bundles hold; the rest is there when a defect speaks of it.
_CORE = (
    "orgs",
    "academicSessions",
    "courses",
    "classes",
    "users",
    "roles",
    "enrollments",
    "demographics",
)


def good_bundle(version: str, *, mode: str = "bulk", is_whole: bool = True) -> Bundle:
    """Make a bundle without a defect, with rows in every file or in those of a roster alone."""
    layouts = LAYOUTS[version]
    tables = _BOTH if version == "1.1" else _BOTH | _ONLY_1_2
    if not is_whole:
        tables = {file: rows for file, rows in tables.items() if file in _CORE}
    rows = {file: [dict(row) for row in tables[file]] for file in tables}
    for user in rows["users"]:
        user["enabledUser"] = "true"
        if version == "1.1":
            user["role"] = _ROLE_1_1[user["sourcedId"]]
            user["orgSourcedIds"] = _ORG_1_1[user["sourcedId"]]
        else:
            user["primaryOrgSourcedId"] = _ORG_1_1[user["sourcedId"]]
    for item in rows.get("lineItems", ()):
        item |= {"gradingPeriodSourcedId": "spring", "academicSessionSourcedId": "fall"}
        item |= {"schoolSourcedId": "sch-1"}
    for result in rows.get("results", ()):
        result |= {"classSourcedId": "cls-1"}
    if mode == "delta":
        for row in (row for table in rows.values() for row in table):
            row |= {"status": "active", "dateLastModified": _MOMENT}
    manifest = [
        ["propertyName", "value"],
        ["manifest.version", "1.0"],
        ["oneroster.version", version],
        *([f"file.{file}", mode if file in rows else "absent"] for file in layouts),
        ["source.systemName", "Test"],
    ]
    headers = {file: list(layout.header) for file, layout in layouts.items()}
    return Bundle(version, headers, rows, manifest)


def spoilt(defect: str) -> bytes:
    """Make a bundle with a defect, told as steps that ` ; ` separates.

    Shape: `1.1`, `1.2`, `delta`; `users[1].familyName=x`; `+users[1] sourcedId=x` adds a changed
           copy of a row, `-users[1]` removes one, `-users[*]` all; `-users:email` removes a
           column, `users:email=mail` renames it, `users:email<->phone` exchanges two and
           `+users:extra` adds one; `-users.csv` removes a file, `users.csv=x/users.csv` renames
           it, `+notes.csv` adds one, `only notes.csv` keeps none but it;
           `manifest.file.users=x`, `-manifest.file.users`,
           `+manifest.x=y`, `manifest:value=Value`. `\\n` and `\\s` are a line feed and a space.
    """
    words = [word.strip() for word in defect.split(" ; ")]
    version = "1.1" if "1.1" in words else "1.2"
    mode = "delta" if "delta" in words else "bulk"
    speaks_of_more = any(
        re.search(rf"\b{file}\b", defect) for file in LAYOUTS["1.2"] if file not in _CORE
    )
    bundle = good_bundle(version, mode=mode, is_whole=speaks_of_more)
    for step in words:
        if step not in ("1.1", "1.2", "delta"):
            _take_step(bundle, step.replace("\\n", "\n").replace("\\s", " "))
    return bundle.zip()


def _take_step(bundle: Bundle, step: str) -> None:
    for pattern, take in _STEPS:
        if found := re.fullmatch(pattern, step, re.DOTALL):
            take(bundle, *found.groups())
            return
    raise ValueError(f"no step reads {step!r}")


def _set_cell(bundle: Bundle, file: str, number: str, column: str, value: str) -> None:
    rows = bundle.rows[file]
    for row in rows if number == "*" else [rows[int(number) - 1]]:
        row[column] = value


def _copy_row(bundle: Bundle, file: str, number: str, changes: str) -> None:
    changed = dict(change.split("=", 1) for change in changes.split())
    bundle.rows[file].append(bundle.rows[file][int(number) - 1] | changed)


def _remove_row(bundle: Bundle, file: str, number: str) -> None:
    if number == "*":
        bundle.rows[file].clear()
    else:
        del bundle.rows[file][int(number) - 1]


def _remove_column(bundle: Bundle, file: str, column: str) -> None:
    bundle.headers[file].remove(column)


def _rename_column(bundle: Bundle, file: str, column: str, name: str) -> None:
    header = bundle.headers[file]
    header[header.index(column)] = name
    for row in bundle.rows[file]:
        row[name] = row.get(column, "")


def _exchange_columns(bundle: Bundle, file: str, one: str, two: str) -> None:
    header = bundle.headers[file]
    first, second = header.index(one), header.index(two)
    header[first], header[second] = two, one


def _add_column(bundle: Bundle, file: str, place: str, column: str) -> None:
    header = bundle.headers[file]
    header.insert(int(place or len(header)), column)
    for row in bundle.rows[file]:
        row[column] = row.get(column.rstrip("'"), "")


def _set_property(bundle: Bundle, name: str, value: str) -> None:
    next(row for row in bundle.manifest if row[0] == name)[1] = value


def _remove_property(bundle: Bundle, name: str) -> None:
    bundle.manifest = [row for row in bundle.manifest if row[0] != name]


def _keep_only(bundle: Bundle, name: str) -> None:
    bundle.manifest, bundle.rows = [], {}
    bundle.texts[name] = b"a,b\r\n1,2\r\n"


def _remove_file(bundle: Bundle, file: str) -> None:
    if file == "manifest":
        bundle.manifest = []
    else:
        del bundle.rows[file]


_FILE = r"(\w+)"
_STEPS = (
    (r"manifest\.([\w.]+)=(.*)", _set_property),
    (r"-manifest\.((?!csv)[\w.]+)", _remove_property),
    (r"\+manifest\.([\w.]+)=(.*)", lambda bundle, *row: bundle.manifest.append(list(row))),
    (r"manifest:(.*)", lambda bundle, header: bundle.manifest.__setitem__(0, header.split(","))),
    (rf"{_FILE}\[(\d+|\*)\]\.([\w.']+)=(.*)", _set_cell),
    (rf"\+{_FILE}\[(\d+)\](.*)", _copy_row),
    (rf"-{_FILE}\[(\d+|\*)\]", _remove_row),
    (rf"-{_FILE}:(\w+)", _remove_column),
    (rf"{_FILE}:(\w+)=(.*)", _rename_column),
    (rf"{_FILE}:(\w+)<->(\w+)", _exchange_columns),
    (rf"\+{_FILE}:(?:(\d+):)?(.*)", _add_column),
    (rf"-{_FILE}\.csv", _remove_file),
    (r"only (.*)", _keep_only),
    (r"([\w.]+\.csv)=(.*)", lambda bundle, file, name: bundle.names.__setitem__(file, name)),
    (r"\+(.*\.csv)=?(.*)", lambda bundle, name, text: bundle.texts.__setitem__(
        name, text.encode() or b"a,b\r\n1,2\r\n")),
)  # fmt: skip


def _shown(header: list[str]) -> list[str]:
    """Return a header with the marks taken off that keep two equal names apart."""
    return [name.rstrip("'") for name in header]


def _csv(rows: list[list[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode()
