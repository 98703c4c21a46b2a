"""The words that pages use for codes, in the reader's language; templates ask by `|word`."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from django import template
from django.utils.functional import Promise
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from rollbook.access.queries import AccountNotFound, get_account
from rollbook.shared.scope import Permission, Scope
from rollbook.web.column_words import COLUMN_WORDS
from rollbook.web.shown_words import said

register = template.Library()

WORDS: Final[dict[str, Promise]] = {
    # tables of a plan
    "organizations": _("Organizations"),
    "academic sessions": _("Terms"),
    "students": _("Students"),
    "staff": _("Staff"),
    "staff assignments": _("Staff at schools"),
    "school enrollments": _("Students at schools"),
    "courses": _("Courses"),
    "classes": _("Classes"),
    "enrollments": _("Students and staff in classes"),
    "student aliases": _("Other ids of students"),
    "group members": _("Students in groups"),
    # what a plan does to a record
    "add": _("Add"),
    "update": _("Change"),
    "move": _("Move"),
    "reactivate": _("Bring back"),
    "archive": _("Archive"),
    "delete": _("Remove"),
    # where a plan or a file is in its life
    "proposed": _("Ready to commit"),
    "held": _("On hold"),
    "committed": _("Committed"),
    "discarded": _("Discarded"),
    "undone": _("Undone"),
    "received": _("Received"),
    "refused": _("Cannot be used"),
    "planned": _("Checked"),
    "unchanged": _("Nothing to change"),
    "publishing": _("Being published"),
    "published": _("Published"),
    "retracted": _("Taken back"),
    # findings
    "fatal": _("Stops the file"),
    "error": _("Error"),
    "warning": _("Warning"),
    "info": _("Note"),
    "ok": _("Nothing wrong"),
    # how a roster is judged
    "lenient": _("leniently"),
    "strict": _("strictly"),
    # background work
    "queued": _("Waiting"),
    "running": _("Running"),
    "done": pgettext_lazy("background work", "Done"),
    "failed": _("Failed"),
    "cancelled": _("Cancelled"),
    # why an undo left something alone
    "edited": _("somebody changed it since"),
    "gone": _("the record no longer exists"),
    "there": _("the record exists again"),
    "referred_to": _("a later record points at it"),
    # counts of a result file
    "files": _("Files"),
    "results": _("Results in the file"),
    "accepted": _("Published results"),
    "rejected": _("Results left out"),
    "superseded": _("Results replaced by newer ones"),
    "resets": _("Results reset"),
    "subscores": _("Claim, domain and composite scores"),
    "items": _("Item responses"),
    # counts of a roster that a source brought
    "orgs": _("Organizations"),
    "academicSessions": _("Terms"),
    "users": _("People"),
    "roles": _("Roles of people"),
    # subjects
    "Math": _("Mathematics"),
    "ELA": pgettext_lazy("subject", "English language arts (ELA)"),
    "CAST": _("Science (CAST)"),
    "ELPAC": _("English language proficiency (ELPAC)"),
    # status of a result
    "IN": _("Incomplete"),
    "NS": _("Nonstandardized"),
    "SD": _("Standardized"),
    "Partial": _("Partial"),
    # what two records are compared by, beside their columns
    "school": _("School"),
    **COLUMN_WORDS,
}


register.filter("said", said)


@register.filter
def word(code: object) -> str:
    """Return the word people use for a code; a code without one is made readable."""
    text = str(code)
    found = WORDS.get(text)
    if found is not None:
        return str(found)
    readable = text.replace("_", " ")
    return readable[:1].upper() + readable[1:]


def known_as(scope: Scope, label: str) -> str:
    """Return who an audit label is, as far as this reader may know."""
    if label == scope.label:
        return gettext("you")
    kind, space, uuid = label.partition(" ")
    if not space and "." in kind:  # a job of the queue
        return gettext("Rollbook itself")
    if kind != "account":
        return label
    if scope.may(Permission.ACCOUNT_READ):
        try:
            account = get_account(scope, UUID(uuid))
        except (AccountNotFound, ValueError):
            pass
        else:
            return f"{account.first_name} {account.last_name}".strip() or account.email
    return gettext("another person")
