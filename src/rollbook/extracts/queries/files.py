"""Reads of group files that were written: the list, the bytes, who is in and who is not."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final
from uuid import UUID

import polars as pl
from django.conf import settings
from django.db.models import QuerySet

from rollbook.extracts.models import ExtractFile, ExtractProfile
from rollbook.extracts.plan.comparing import compare_files
from rollbook.extracts.plan.writing import rows_of
from rollbook.extracts.queries.reading import known_uuids
from rollbook.extracts.types import (
    ExtractWarning,
    FileRow,
    GroupChange,
    LeftOut,
    LeftOutRow,
    WrittenGroup,
)
from rollbook.groups.layouts import GROUP_FILE
from rollbook.orgs.queries import school_names, within
from rollbook.people.queries.students import students_by_id
from rollbook.shared.page import Page, PageRequest
from rollbook.shared.scope import Permission, Scope

# The file before is looked for among so many: those of other profiles stand between.
_LOOKED_BACK: Final = 500
# Above it nobody reads a list from the top, and naming all of them would hold up the page.
_MOST_SORTED: Final = 5_000


class FileNotFound(LookupError):
    """Say that there is no such file, or none that this reader may have."""


def files_in(scope: Scope) -> QuerySet[ExtractFile]:
    """Return the files of organizations where the reader writes groups, the latest first."""
    reach = scope.over(Permission.GROUP_WRITE)
    found = ExtractFile.objects.filter(within(reach, "organization_id"))
    return found.order_by("-made_at", "-pk")


def file_list(
    scope: Scope, page: PageRequest, *, profile_uuid: UUID | str | None = None
) -> Page[FileRow]:
    """List files, the latest first; with a profile, those of this profile alone."""
    found = files_in(scope).select_related("profile")
    if profile_uuid is not None:
        found = found.filter(profile__uuid__in=known_uuids([str(profile_uuid)]))
    shown = found[page.offset : page.offset + page.size]
    rows = [_row(file) for file in shown]
    return Page(rows, number=page.number, size=page.size, total_count=found.count())


def files_of_run(scope: Scope, run: UUID) -> list[UUID]:
    """Return the files that one press of the button made, in the order of their profiles."""
    return list(files_in(scope).filter(run=run).order_by("pk").values_list("uuid", flat=True))


def get_file(scope: Scope, uuid: UUID | str) -> FileRow:
    """Return one file.

    Raises: FileNotFound when there is none, or the reader does not write groups at its organization
            and at every school in it: one answer.
    """
    return _row(found_file(scope, uuid))


def found_file(scope: Scope, uuid: UUID | str) -> ExtractFile:
    """Return the record of one file, as `get_file` judges.

    Raises: FileNotFound.
    """
    asked = known_uuids([str(uuid)])
    found = files_in(scope).filter(uuid__in=asked).select_related("profile", "organization").first()
    if found is None or not _reaches_schools(scope, found):
        raise FileNotFound("No such file, or not one that you may have.")
    return found


def _reaches_schools(scope: Scope, file: ExtractFile) -> bool:
    """Tell whether a reader writes groups at every school in a file: schools move."""
    reach = scope.over(Permission.GROUP_WRITE)
    if reach.everything or not groups_path(file).exists():
        return True
    schools = pl.read_parquet(groups_path(file), columns=["school_id"])["school_id"]
    return all(reach.includes(school) for school in schools.unique())


def file_path(file: ExtractFile) -> Path:
    """Tell where the bytes of a file are kept: by what they are, so equal files are one."""
    return _folder() / f"{file.sha256}.csv"


def left_out_path(file: ExtractFile) -> Path:
    """Tell where it is kept who is not in a file."""
    return _folder() / f"{file.uuid}.left-out.parquet"


def groups_path(file: ExtractFile) -> Path:
    """Tell where the groups of a file are kept, with the ids of their schools."""
    return _folder() / f"{file.uuid}.groups.parquet"


def _folder() -> Path:
    return Path(settings.FILES_ROOT) / "extracts"


def warnings_of(scope: Scope, uuid: UUID | str) -> tuple[ExtractWarning, ...]:
    """Return what a person should know of a file before it goes out.

    Raises: FileNotFound.
    """
    told = found_file(scope, uuid).warnings
    return tuple(ExtractWarning(**each | {"rows": tuple(each["rows"])}) for each in told)


def profile_names_of(scope: Scope, uuid: UUID | str) -> dict[str, str]:
    """Pair the public ids of a file's profiles with their names.

    Raises: FileNotFound.
    """
    return _profile_names(found_file(scope, uuid))


def file_groups(
    scope: Scope, uuid: UUID | str, page: PageRequest, *, words: str = ""
) -> Page[WrittenGroup]:
    """List the groups of a file in its order, with how many students and users each has.

    Shape:  `words` are looked for in the name; `profile` is the profile's public id.
    Raises: FileNotFound.
    """
    file = found_file(scope, uuid)
    groups = _kept(groups_path(file))
    for word in words.casefold().split():
        name = pl.col("name").str.to_lowercase()
        groups = groups.filter(name.str.contains(word, literal=True))
    shown = groups.slice(page.offset, page.size).drop("school_id", strict=False)
    rows = [WrittenGroup(**row) for row in shown.iter_rows(named=True)]
    return Page(rows, number=page.number, size=page.size, total_count=groups.height)


def left_out_counts(scope: Scope, uuid: UUID | str) -> Mapping[LeftOut, int]:
    """Count the students who are not in a file by the first thing that they failed.

    Shape:  in the order in which things are asked; a student of several profiles counts for each
            criterion once.
    Raises: FileNotFound.
    """
    found = _kept(left_out_path(found_file(scope, uuid)))
    if found.is_empty():
        return {}
    counts = dict(found.group_by("criterion").agg(pl.col("student_id").n_unique()).iter_rows())
    return {criterion: counts[criterion] for criterion in LeftOut if criterion in counts}


def left_out_of(
    scope: Scope, uuid: UUID | str, page: PageRequest, *, criterion: LeftOut | None = None
) -> Page[LeftOutRow]:
    """List the students who are not in a file, each with the first thing that was not so.

    Shape:  one row per student, school and profile, by name where they are at most 5,000; names and
            numbers of those alone whom the reader may see by name, the others last.
    Raises: FileNotFound.
    """
    file = found_file(scope, uuid)
    found = _kept(left_out_path(file))
    if criterion is not None and not found.is_empty():
        found = found.filter(pl.col("criterion") == criterion.value)
    if 1 < found.height <= _MOST_SORTED:
        found = _by_name(scope, found)
    shown = list(found.slice(page.offset, page.size).iter_rows(named=True))
    students = students_by_id(scope, {row["student_id"] for row in shown})
    schools = school_names(scope, {row["school_id"] for row in shown})
    names = _profile_names(file)
    rows: list[LeftOutRow] = []
    for row in shown:
        student = students.get(row["student_id"])
        rows.append(
            LeftOutRow(
                student_uuid=student.uuid if student else None,
                student_name=f"{student.last_name}, {student.first_name}" if student else "",
                ssid=student.ssid if student else "",
                school_name=schools.get(row["school_id"], ""),
                profile_name=names.get(row["profile"], ""),
                criterion=LeftOut(row["criterion"]),
            )
        )
    return Page(rows, number=page.number, size=page.size, total_count=found.height)


def _by_name(scope: Scope, left: pl.DataFrame) -> pl.DataFrame:
    """Sort students by the names under which the reader sees them."""
    ids = left["student_id"].unique()
    seen = students_by_id(scope, ids)
    named = sorted(seen.values(), key=lambda row: (row.last_name, row.first_name, row.id))
    places = {row.id: place for place, row in enumerate(named)}
    place = pl.col("student_id").replace_strict(places, default=len(places), return_dtype=pl.Int64)
    return left.sort(place, maintain_order=True)


def earlier_files(scope: Scope, uuid: UUID | str) -> list[FileRow]:
    """List the files of the same profiles that were made before this one, the latest first.

    Raises: FileNotFound.
    """
    file = found_file(scope, uuid)
    found = files_in(scope).filter(
        organization_id=file.organization_id, profile_id=file.profile_id, pk__lt=file.pk
    )
    return [
        _row(each)
        for each in found.select_related("profile")[:_LOOKED_BACK]
        if each.profiles == file.profiles
    ]


def file_changes(
    scope: Scope, uuid: UUID | str, earlier_uuid: UUID | str | None = None
) -> list[GroupChange]:
    """Say how each group differs from the file before, or from a chosen one.

    Shape:  the file before is the latest of the same profiles; with none, every group is added.
    Raises: FileNotFound.
    """
    file = found_file(scope, uuid)
    if earlier_uuid is None:
        before = earlier_files(scope, uuid)
        earlier_uuid = before[0].uuid if before else None
    if earlier_uuid is None:
        rows = pl.DataFrame(schema=dict.fromkeys(GROUP_FILE, pl.String))
    else:
        rows = _rows(found_file(scope, earlier_uuid))
    return compare_files(rows, _rows(file))


def _rows(file: ExtractFile) -> pl.DataFrame:
    return rows_of(file_path(file).read_bytes())


def _kept(path: Path) -> pl.DataFrame:
    """Return what was kept beside a file; an empty frame where there was nothing to keep."""
    return pl.read_parquet(path) if path.exists() else pl.DataFrame()


def _profile_names(file: ExtractFile) -> dict[str, str]:
    found = ExtractProfile.objects.filter(uuid__in=known_uuids(file.profiles))
    return {str(uuid): name for uuid, name in found.values_list("uuid", "name")}


def _row(file: ExtractFile) -> FileRow:
    return FileRow(
        uuid=file.uuid,
        name=file.name,
        profile_name=file.profile.name if file.profile else "",
        organization_id=file.organization_id,
        made_at=file.made_at,
        made_by=file.made_by,
        row_count=file.row_count,
        group_count=file.group_count,
        student_count=file.student_count,
        left_out_count=file.left_out_count,
        warning_count=len(file.warnings),
        byte_count=file.byte_count,
        sha256=file.sha256,
        is_scheduled=file.is_scheduled,
    )
