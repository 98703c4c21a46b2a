"""The words of the pages about roster sources, in the reader's language."""

from __future__ import annotations

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from rollbook.roster.rules.running import NextStep, SourceStatus
from rollbook.roster.types import RunOutcome, SourceFormat, SourceKind

KINDS: Final[dict[SourceKind, tuple[Promise, Promise]]] = {
    SourceKind.CLEVER_API: (
        _("Clever"),
        _("With the token that Clever gave your district for Rollbook."),
    ),
    SourceKind.ONEROSTER_REST: (
        _("A OneRoster server"),
        _("The address, client id and secret that your student information system shows."),
    ),
    SourceKind.SFTP: (
        _("An SFTP server"),
        _("A folder on a server into which your student information system writes each night."),
    ),
    SourceKind.FOLDER: (
        _("A folder of this server"),
        _("Files that somebody, or something, puts there."),
    ),
    SourceKind.UPLOAD: (
        _("Files that you send here"),
        _("Keeps how your files are read and judged; you send each one by hand."),
    ),
}
FORMATS: Final[dict[SourceFormat, Promise]] = {
    SourceFormat.ONEROSTER_CSV: _("OneRoster CSV (1.1 or 1.2)"),
    SourceFormat.CLEVER_CSV: _("Clever CSV (SFTP files)"),
    SourceFormat.SDS_CSV: _("Microsoft School Data Sync CSV (2.1)"),
    SourceFormat.MAPPED: _("Any CSV or XLSX, by a saved mapping"),
}
# The word of a status, how it is tagged, and what it says of the source.
STATUSES: Final[dict[SourceStatus, tuple[Promise, str, Promise]]] = {
    SourceStatus.SUCCESSFUL: (_("Successful"), "done", _("Yes: the latest run went well.")),
    SourceStatus.IN_PROGRESS: (_("In progress"), "plain", _("It is running now.")),
    SourceStatus.PENDING: (_("Pending"), "plain", _("A run is about to begin.")),
    SourceStatus.ON_HOLD: (
        _("On hold"),
        "hold",
        _("A plan waits: it is larger than your limits. Nothing has changed."),
    ),
    SourceStatus.ERROR: (
        _("Error"),
        "hold",
        _("No: the latest run brought nothing. What you have here stays as it is."),
    ),
    SourceStatus.PAUSED: (_("Paused"), "plain", _("It rests. What you have here stays as it is.")),
    SourceStatus.NEVER_RUN: (_("Never run"), "plain", _("It has not run yet.")),
    SourceStatus.LATE: (
        _("Late"),
        "hold",
        _("Its run is overdue: nothing on this server carries out background work."),
    ),
}
STEPS: Final[dict[NextStep, Promise]] = {
    NextStep.NOTHING: _("There is nothing to do."),
    NextStep.WAIT: _("Wait a little: what comes of it shows here by itself."),
    NextStep.RUN: _("Run it now."),
    NextStep.SEND: _("Send its first file."),
    NextStep.RESUME: _("Resume it when what it was paused for is settled."),
    NextStep.DECIDE: _("Look at who and what would change, then approve or discard the plan."),
    NextStep.COMMIT: _("Look at the plan, then commit it."),
    NextStep.READ_FINDINGS: _("Read what is wrong with the file; it says where to correct it."),
    NextStep.CHECK_CONNECTION: _("Check the connection: it says which step fails."),
    NextStep.CHANGE_SETTINGS: _("Correct the settings of this source."),
    NextStep.RENEW_ACCESS: _("Get a new token or password from the other system, and type it in."),
    NextStep.ASK_SENDER: _("Tell whoever runs the other system what is written here."),
    NextStep.ASK_OPERATOR: _("Tell whoever runs this server what is written here."),
}
OUTCOMES: Final[dict[RunOutcome, Promise]] = {
    RunOutcome.RUNNING: _("Running"),
    RunOutcome.NOTHING_NEW: _("Nothing new"),
    RunOutcome.UNCHANGED: _("Nothing to change"),
    RunOutcome.PLANNED: _("Changes to look at"),
    RunOutcome.HELD: _("On hold"),
    RunOutcome.COMMITTED: _("Committed by itself"),
    RunOutcome.REFUSED: _("Cannot be used"),
    RunOutcome.FAILED: _("Could not be read"),
    RunOutcome.SKIPPED: _("Skipped"),
}
# A source for which nothing goes on, but something is ready.
READY: Final = _("A plan is ready. Nothing has changed yet.")
DAYS: Final[tuple[tuple[str, Promise], ...]] = (
    ("1", _("Monday")),
    ("2", _("Tuesday")),
    ("3", _("Wednesday")),
    ("4", _("Thursday")),
    ("5", _("Friday")),
    ("6", _("Saturday")),
    ("7", _("Sunday")),
)
SECOND_SCHOOLS: Final[tuple[tuple[str, Promise], ...]] = (
    ("add", _("Keep both schools")),
    ("move", _("Move to the new school")),
    ("cancel", _("Keep the old school")),
    ("ask", _("Ask each time")),
)
