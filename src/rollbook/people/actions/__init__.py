"""Writes of people: those whom results name first, and edits by hand that syncs leave alone."""

from rollbook.people.actions.edits import (
    Edited,
    EditIsWrong,
    EditNotFound,
    NotAnEdit,
    edit_class,
    edit_staff,
    edit_student,
    note_upstream,
    release_edit,
    undo_edit,
)
from rollbook.people.actions.from_results import UnknownStudent, add_students_from_results

__all__ = [
    "EditIsWrong",
    "EditNotFound",
    "Edited",
    "NotAnEdit",
    "UnknownStudent",
    "add_students_from_results",
    "edit_class",
    "edit_staff",
    "edit_student",
    "note_upstream",
    "release_edit",
    "undo_edit",
]
