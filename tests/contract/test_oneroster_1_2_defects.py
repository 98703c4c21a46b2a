"""Bundles of OneRoster 1.2 made from a table of their own, each spoilt in one way.

The table (oneroster_1_2.txt) is typed from the standard, not from our layouts, so that one
mistake cannot hide in both.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from rollbook.roster.sources.oneroster_csv import check_file
from rollbook.roster.types import Profile
from rollbook.shared.findings import Finding, Severity

_TABLE = Path(__file__).with_name("oneroster_1_2.txt").read_text(encoding="utf-8")
MOMENT = "2026-09-10T08:00:00.000Z"
LIFECYCLE = ("status", "dateLastModified")


@dataclass(frozen=True)
class Column:
    name: str
    required: bool
    kind: str
    target: str
    words: tuple[str, ...]
    is_open: bool


def _column(line: str) -> Column:
    name, kind = line.split(" ", 1)
    head, _, rest = kind.partition(":")
    is_vocabulary = head.startswith("enum")
    return Column(
        name=name.removesuffix("!"),
        required=name.endswith("!"),
        kind=head.removesuffix("+"),
        target="" if is_vocabulary else rest,
        words=tuple(rest.split("|")) if is_vocabulary else (),
        is_open=head.endswith("+"),
    )


COLUMNS: dict[str, list[Column]] = {}
ROWS: dict[str, list[dict[str, str]]] = {}
for _block in _TABLE.split("\n[")[1:]:
    _file, _rest = _block.split("]\n", 1)
    _head, _body = _rest.split("--\n", 1)
    COLUMNS[_file] = [_column(line) for line in _head.splitlines()]
    _names = ["sourcedId", *(column.name for column in COLUMNS[_file])]
    ROWS[_file] = [
        dict(zip(_names, row, strict=True))
        for row in csv.reader(io.StringIO(_body.strip()), delimiter=";")
    ]
FILES = list(COLUMNS)


@dataclass
class Bundle:
    """A good bundle with rows in all 21 files, to be spoilt."""

    rows: dict[str, list[dict[str, str]]] = field(
        default_factory=lambda: {file: [dict(row) for row in ROWS[file]] for file in FILES}
    )
    headers: dict[str, list[str]] = field(
        default_factory=lambda: {
            file: ["sourcedId", *LIFECYCLE, *(column.name for column in COLUMNS[file])]
            for file in FILES
        }
    )
    properties: dict[str, str] = field(
        default_factory=lambda: (
            {"manifest.version": "1.0", "oneroster.version": "1.2"}
            | {f"file.{file}": "bulk" for file in FILES}
        )
    )
    manifest_header: str = "propertyName,value"
    texts: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    removed: set[str] = field(default_factory=set)

    def delta(self, *files: str) -> Bundle:
        for file in files or FILES:
            self.properties[f"file.{file}"] = "delta"
            for row in self.rows[file]:
                row |= {"status": "active", "dateLastModified": MOMENT}
        return self

    def only(self, file: str) -> Bundle:
        """Keep a file and those that it refers to: less to read, and the same to find."""
        kept, more = set[str](), {file}
        while more:
            kept |= more
            named = {column.target for name in more for column in COLUMNS[name]}
            more = (named | ({"users"} if "demographics" in more else set())) - {*kept, ""}
        for other in {*FILES} - kept:
            self.properties[f"file.{other}"] = "absent"
            self.removed.add(f"{other}.csv")
        return self

    def text(self, file: str) -> str:
        out = io.StringIO()
        header = self.headers[file]
        csv.writer(out).writerows(
            [header, *([row.get(name, "") for name in header] for row in self.rows[file])]
        )
        return out.getvalue()

    def zip(self) -> bytes:
        properties = [f"{name},{value}" for name, value in self.properties.items()]
        files = {"manifest.csv": "\r\n".join([self.manifest_header, *properties]) + "\r\n"}
        files |= {f"{file}.csv": self.text(file) for file in FILES}
        files |= self.texts
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            for name, content in files.items():
                if name not in self.removed:
                    archive.writestr(self.names.get(name, name), content)
        return packed.getvalue()

    def findings(self) -> list[Finding]:
        return list(check_file(self.zip(), profile=Profile.STRICT).report)

    def verdict(self) -> str:
        return str(check_file(self.zip(), profile=Profile.STRICT).report.verdict)


def spoilt_columns(file: str, spoil: Callable[[Column], str | None]) -> tuple[set[str], set[str]]:
    """Spoil a cell of every column that `spoil` has one for: what was spoilt, what was found.

    Consequences for rows that depend on the spoilt one, and doubts about sense, do not count.
    """
    bundle = Bundle().only(file)
    row = bundle.rows[file][0]
    for column in COLUMNS[file]:
        if (cell := spoil(column)) is not None:
            row[column.name] = cell
    done = {column.name for column in COLUMNS[file] if spoil(column) is not None}
    found = {
        str(finding.column)
        for finding in bundle.findings()
        if finding.file == f"{file}.csv"
        and finding.severity is Severity.ERROR
        and finding.code < "ROS-310"
    }
    return done, found


WRONG = {
    "date": "2026-02-30",
    "year": "2026-2027",
    "bool": "TRUE",
    "int": "1.5",
    "float": "1,5",
    "enum": "bogus",
    "enums": "student,bogus",
    "list": "a, b",
    "grades": "03,",
    "uids": ",{A:1}",
    "ranges": "{A}",
}


@pytest.mark.parametrize("file", FILES)
def test_a_cell_of_the_wrong_type_is_an_error_in_every_column(file: str) -> None:
    done, found = spoilt_columns(file, lambda column: WRONG.get(column.kind))
    assert found == done


@pytest.mark.parametrize("file", FILES)
def test_an_empty_cell_is_an_error_where_a_value_is_required(file: str) -> None:
    done, found = spoilt_columns(file, lambda column: "" if column.required else None)
    assert found == done


@pytest.mark.parametrize("cell", ["nobody", "a b"])
@pytest.mark.parametrize("file", [file for file in FILES if any(c.target for c in COLUMNS[file])])
def test_a_reference_to_nothing_is_an_error_in_every_column(file: str, cell: str) -> None:
    done, found = spoilt_columns(file, lambda column: cell if column.target else None)
    assert found == done


@pytest.mark.parametrize("file", [file for file in FILES if any(c.words for c in COLUMNS[file])])
def test_a_word_of_ones_own_is_an_error_where_the_vocabulary_is_closed(file: str) -> None:
    _, found = spoilt_columns(file, lambda column: "ext:own.word-1" if column.words else None)
    assert found == {c.name for c in COLUMNS[file] if c.words and not c.is_open}


@pytest.mark.parametrize("file", FILES)
def test_every_column_must_be_there(file: str) -> None:
    bundle = Bundle().only(file)
    bundle.headers[file] = ["sourcedId"]
    missing = {finding.column for finding in bundle.findings() if finding.line == 1}
    assert missing == {*LIFECYCLE, *(column.name for column in COLUMNS[file])}


@pytest.mark.parametrize("file", FILES)
def test_columns_must_stand_in_order(file: str) -> None:
    bundle = Bundle().only(file)
    bundle.headers[file].reverse()
    assert _found_in(bundle, "ROS-205") == [file]


def _found_in(bundle: Bundle, code: str) -> list[str]:
    return sorted(f.file.removesuffix(".csv") for f in bundle.findings() if f.code == code)


@pytest.mark.parametrize(
    ("is_delta", "column", "cell", "code"),
    [
        (False, "status", "active", "ROS-221"),
        (False, "dateLastModified", MOMENT, "ROS-222"),
        (True, "status", "", "ROS-223"),
        (True, "status", "inactive", "ROS-230"),
        (True, "dateLastModified", "", "ROS-224"),
        (True, "dateLastModified", "2026-09-10T08:00:00Z", "ROS-239"),
        (False, "sourcedId", "", "ROS-220"),
        (False, "sourcedId", "x" * 256, "ROS-227"),
        (False, "sourcedId", "a#b", "ROS-226"),
    ],
)
def test_the_first_three_columns_are_judged_in_every_file(
    is_delta: bool, column: str, cell: str, code: str
) -> None:
    bundle = Bundle().delta() if is_delta else Bundle()
    for file in FILES:
        bundle.rows[file][0][column] = cell
    assert _found_in(bundle, code) == sorted(FILES)


def test_two_records_with_one_id_are_an_error_in_every_file() -> None:
    bundle = Bundle()
    for file in FILES:
        bundle.rows[file].append(dict(bundle.rows[file][0]))
    assert sorted(set(_found_in(bundle, "ROS-228"))) == sorted(FILES)


@pytest.mark.parametrize("files", [[], FILES, FILES[::2], FILES[1::2]], ids=len)
def test_a_good_bundle_is_ok_whatever_its_modes(files: list[str]) -> None:
    assert (Bundle().delta(*files) if files else Bundle()).findings() == []


ROW = dict[str, str]
EDITS: list[tuple[str, str, ROW]] = [
    ("error", "courses", {"schoolYearSourcedId": "t-1"}),
    ("error", "lineItems", {"academicSessionSourcedId": "sy-27"}),
    ("warning", "lineItems", {"schoolSourcedId": "dist-1"}),
    ("warning", "enrollments", {"schoolSourcedId": "dist-1"}),
    ("error", "users", {"primaryOrgSourcedId": "sch-2"}),
    ("error", "roles", {"userProfileSourcedId": "pro-1"}),
    ("error", "+roles", {"userSourcedId": "tch-1", "role": "aide"}),
    ("ok", "+roles", {"userSourcedId": "tch-1", "role": "aide", "roleType": "secondary"}),
    ("ok", "+roles", {"userSourcedId": "tch-1", "role": "teacher", "orgSourcedId": "sch-2"}),
    ("error", "lineItems", {"resultValueMin": "101"}),
    ("ok", "lineItems", {"resultValueMin": "", "resultValueMax": ""}),
    ("error", "results", {"score": "-1"}),
    ("error", "results", {"score": "100.5"}),
    ("ok", "results", {"score": "100"}),
    ("error", "results", {"classSourcedId": "cls-2"}),
    ("error", "results", {"studentSourcedId": "stu-3"}),
    ("error", "scoreScales", {"scoreScaleValue": "A=94"}),
    ("error", "lineItemLearningObjectiveIds", {"learningObjectiveId": "MATH.3"}),
    ("ok", "lineItemLearningObjectiveIds", {"learningObjectiveId": "x", "source": "ext:own"}),
    ("error", "resultLearningObjectiveIds", {"learningObjectiveId": "MATH.3"}),
    ("error", "resources", {"roles": "aide"}),
    ("error", "userResources", {"orgSourcedId": "sch-2"}),
    ("error", "userResources", {"userSourcedId": "stu-3"}),
    ("error", "demographics", {"sourcedId": "ghost"}),
    ("ok", "demographics", {"sex": "unspecified"}),
    ("warning", "academicSessions", {"parentSourcedId": "t-1"}),
    ("warning", "orgs", {"parentSourcedId": "sch-1"}),
    ("warning", "+enrollments", {}),
    ("warning", "+enrollments", {"userSourcedId": "tch-2"}),
    ("ok", "+enrollments", {"userSourcedId": "tch-2", "primary": "false"}),
    ("warning", "users", {"username": "STU-2.name"}),
    ("warning", "users", {"email": "stu-2@example.org"}),
    ("warning", "users", {"identifier": "n-stu-2"}),
    ("warning", "users", {"userIds": "123"}),
    ("warning", "users", {"grades": "3"}),
    ("warning", "courses", {"subjectCodes": "02001"}),
    ("ok", "users", {"enabledUser": "false", "givenName": "Zoë-李", "familyName": "O'Neil, Jr"}),
    ("error", "users", {"givenName": "a\nb"}),
    ("error", "users", {"givenName": "  "}),
]


@pytest.mark.parametrize(("verdict", "file", "cells"), EDITS, ids=str)
def test_records_that_contradict_each_other(verdict: str, file: str, cells: ROW) -> None:
    bundle = Bundle()
    rows = bundle.rows[file.removeprefix("+")]
    if file.startswith("+"):
        rows.append(rows[0] | {"sourcedId": "another"} | cells)
    else:
        rows[0] |= cells
    assert bundle.verdict() == verdict


def _text(change: Callable[[str], str]) -> Callable[[Bundle], object]:
    return lambda bundle: bundle.texts.update({"orgs.csv": change(bundle.text("orgs"))})


PACKAGES: list[tuple[str, str, Callable[[Bundle], object]]] = [
    ("no manifest", "error", lambda b: b.removed.add("manifest.csv")),
    ("manifest version", "error", lambda b: b.properties.update({"manifest.version": "1"})),
    ("other version", "error", lambda b: b.properties.update({"oneroster.version": "1.3"})),
    ("told to be 1.1", "error", lambda b: b.properties.update({"oneroster.version": "1.1"})),
    ("mode in capitals", "error", lambda b: b.properties.update({"file.orgs": "Bulk"})),
    ("mode empty", "error", lambda b: b.properties.update({"file.roles": ""})),
    ("property missing", "error", lambda b: b.properties.pop("file.userProfiles")),
    ("property unknown", "error", lambda b: b.properties.update({"file.other": "absent"})),
    ("sources named", "ok", lambda b: b.properties.update({"source.systemName": "SIS"})),
    ("manifest header", "error", lambda b: setattr(b, "manifest_header", "PropertyName,value")),
    ("declared, not there", "error", lambda b: b.removed.add("userResources.csv")),
    ("there, not declared", "error", lambda b: b.properties.update({"file.roles": "absent"})),
    ("in a folder", "error", lambda b: b.names.update({"orgs.csv": "in/orgs.csv"})),
    ("name in capitals", "error", lambda b: b.names.update({"orgs.csv": "Orgs.csv"})),
    ("unknown file", "warning", lambda b: b.texts.update({"notes.csv": "a\r\n1\r\n"})),
    ("metadata", "ok", lambda b: b.headers["users"].append("metadata.own")),
    ("metadata first", "error", lambda b: b.headers["users"].insert(0, "metadata.own")),
    ("own column", "error", lambda b: b.headers["users"].append("own")),
    ("column of 1.2.0", "error", lambda b: b.headers["users"].append("resourceSourcedIds")),
    ("column twice", "error", lambda b: b.headers["users"].append("pronouns")),
    ("column unnamed", "error", lambda b: b.headers["users"].append("")),
    ("no rows", "error", lambda b: b.rows["categories"].clear()),
    ("byte order mark", "ok", _text(lambda text: "\ufeff" + text)),
    ("line feeds", "ok", _text(lambda text: text.replace("\r\n", "\n"))),
    ("carriage returns", "error", _text(lambda text: text.replace("\r\n", "\r"))),
    ("no last line end", "ok", _text(str.rstrip)),
    ("blank line", "error", _text(lambda text: text.replace("\r\n", "\r\n\r\n", 1))),
    ("short row", "error", _text(lambda text: text + "sch-9,,,Nine,school\r\n")),
    ("wide row", "error", _text(lambda text: text + "sch-9,,,Nine,school,,,\r\n")),
    ("open quote", "error", _text(lambda text: text + '"sch-9,,,Nine,school,,\r\n')),
    ("semicolons", "error", _text(lambda text: text.replace(",", ";"))),
]


@pytest.mark.parametrize(
    ("verdict", "spoil"), [case[1:] for case in PACKAGES], ids=[case[0] for case in PACKAGES]
)
def test_packages_and_texts(verdict: str, spoil: Callable[[Bundle], object]) -> None:
    bundle = Bundle()
    spoil(bundle)
    assert bundle.verdict() == verdict
