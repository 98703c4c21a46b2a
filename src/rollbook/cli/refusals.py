"""The one table of what a command says when a rule says no, and what it says when we broke.

A refusal is an exception that stands beside the function that raises it. A command never prints
one as a traceback: it prints a sentence and ends with exit status 1.
"""

from __future__ import annotations

import errno
import os
import secrets
from typing import Any

import click

from rollbook.shared.failures import told

OWN_WORDS = ""  # the exception's message is a sentence of ours and names nobody
DATABASE_IS_AWAY = (
    "The database does not answer as it should. Run `rollbook doctor`; after an update, "
    "`rollbook migrate`."
)
NO_PLACE = (
    "The disk is full or may not be written. Nothing was changed half-way. Run `rollbook doctor`."
)

SENTENCES: dict[str, str] = {
    "AccountExists": OWN_WORDS,
    "AccountNotFound": OWN_WORDS,
    "AlreadyMerged": "One of the two was merged already.",
    "ApprovedCountDiffers": (
        "That is not the number of changes of this plan. Read the plan again with `rollbook "
        "plans show`."
    ),
    "CardDaysOutOfRange": OWN_WORDS,
    "ClientNotFound": "There is no such program or secret. `rollbook clients list` shows them.",
    "ClassNotFound": OWN_WORDS,
    "CorrectionDoesNotFit": OWN_WORDS,
    "DeliveryIsUnderWay": OWN_WORDS,
    "DeliveryNotFound": "There is no such delivery. `rollbook deliveries list` shows the latest.",
    "DigestDiffers": (
        "The plan's file is not the one that was proposed. Nothing was changed. Send the file "
        "again for a new plan."
    ),
    "EditIsWrong": OWN_WORDS,
    "EditNotFound": "There is no such edit any more. `rollbook students edits` lists them.",
    "FileNotFound": "There is no such file. `rollbook extracts files` shows those that there are.",
    "GrantExists": OWN_WORDS,
    "GrantNotFound": OWN_WORDS,
    "GrantRefused": OWN_WORDS,
    "GroupFollowsRoster": OWN_WORDS,
    "GroupIsWrong": OWN_WORDS,
    "GroupFileIsTooLarge": "A group file may have 500 MB. Send one for each school.",
    "GroupNotFound": "There is no such group.",
    "IdIsTaken": "Another student has this id, or had it once: two children never share one.",
    "IdIsTheSame": "The student has these ids already. Give --ssid or --sourced-id a new one.",
    "ImportNotFound": "No such group file came in. `rollbook groups imports` lists them.",
    "IntakeNotFound": "No such file came in. `rollbook roster list` shows those that did.",
    "JobCannotBeCancelled": OWN_WORDS,
    "JobCannotBeRetried": OWN_WORDS,
    "JobNotFound": "There is no such job. `rollbook jobs list` shows those that there are.",
    "KeepTheStateId": "Keep the record that has the state id: results follow it.",
    "MappingIsIncomplete": OWN_WORDS,
    "MappingIsUsed": OWN_WORDS,
    "MappingNotFound": OWN_WORDS,
    "MayNotAnswer": "This answer needs somebody who may approve rosters of both schools.",
    "MayNotAsk": "This question reaches further than the one who asks may see.",
    "DaysAreWrong": OWN_WORDS,
    "MayNotChangeGroup": OWN_WORDS,
    "MayNotChangeProfile": OWN_WORDS,
    "MayNotChangeSource": OWN_WORDS,
    "MayNotCommit": "This change needs somebody who may approve it.",
    "MayNotCommitRoster": "This roster needs somebody who may approve it.",
    "MayNotDecideTransfer": "This needs somebody of the district whose student it is.",
    "MayNotExportPeople": OWN_WORDS,
    "MayNotLoadAssessments": "Only who may send data for the whole installation loads assessments.",
    "MayNotMatchStudents": "Only who may send data finds students by their identifiers.",
    "MayNotMerge": (
        "This needs somebody who may approve rosters of the districts of these students."
    ),
    "MayNotPlanReadiness": "This plan needs somebody who may send rosters there.",
    "MayNotReadRoster": "This roster is out of sight.",
    "MayNotSaveMapping": OWN_WORDS,
    "MayNotSeeResults": "These results are out of sight.",
    "MayNotSendGroups": "Only who may write student groups sends a group file.",
    "MayNotSendResults": "Only who may send data sends results.",
    "MayNotSendRoster": "This roster is of a district that is out of reach.",
    "MayNotVerify": "Only who reads the whole log can verify it.",
    "MayNotWriteGroups": "This file changes groups of a school that is out of reach.",
    "NaturalIdIsTaken": OWN_WORDS,
    "NoSuchAnswer": "Answer with add, move or cancel.",
    "NoSuchMerge": (
        "No merge and no change of id has this number. `rollbook plans list --all` shows all."
    ),
    "NobodyNeedsCard": OWN_WORDS,
    "NeedsNoEndorsement": (
        "This plan needs no first approval: one person commits it, or the first was found already."
    ),
    "NeedsSecondPerson": (
        "So large a plan takes two people, and the one who sent or approved it does not count "
        "twice. Another person has to approve it, with `rollbook plans endorse` or on its page."
    ),
    "NoOwnGroupsYet": OWN_WORDS,
    "NoSuchPlan": "There is no such plan. `rollbook plans list` shows those that there are.",
    "NoSuchRole": OWN_WORDS,
    "NotAnEdit": "This plan is not an edit by hand.",
    "NotASandboxLogin": OWN_WORDS,
    "NothingIsScheduled": OWN_WORDS,
    "NotReady": OWN_WORDS,
    "NotSignedIn": "Nobody in particular asked.",
    "NotYours": OWN_WORDS,
    "NothingToTakePart": (
        "This group file was not refused for some of its rows: there is no part of it to take."
    ),
    "NothingToDecide": "This group file has no plan: it was refused, or it changes nothing.",
    "NothingToEmpty": OWN_WORDS,
    "NothingToCommit": "This file has no plan: it was refused, or it changes nothing.",
    "OrganizationNotFound": OWN_WORDS,
    "OrganizationsStandInACircle": OWN_WORDS,
    "OwnerNotHere": OWN_WORDS,
    "PairNotFound": "There is no such student. `rollbook identity duplicates` shows pairs.",
    "ParentCannotHold": OWN_WORDS,
    "PlanDoesNotFit": (
        "The records refuse what this plan writes, so nothing was changed. Send the file again "
        "for a new plan."
    ),
    "PlanIsEmpty": "This changes nothing, so there is nothing to commit.",
    "PlanIsFinished": "This plan has been decided on already.",
    "PlanIsHeld": (
        "This plan waits for a person. Read it with `rollbook plans show`, then commit it with "
        "--approve and the number of its changes."
    ),
    "PlanIsNotCommitted": (
        "This plan was not committed, so there is nothing to undo. Discard it instead."
    ),
    "ProgramRefused": OWN_WORDS,
    "ProfileIsWrong": OWN_WORDS,
    "ProfileNotFound": (
        "There is no such profile. `rollbook extracts profiles` shows those that there are."
    ),
    "ProfilesCannotJoin": OWN_WORDS,
    "QuestionIsWrong": OWN_WORDS,
    "QuestionNotFound": "There is no such question. `rollbook identity questions` shows them.",
    "QueueOutOfSight": OWN_WORDS,
    "RecordNotFound": "There is no such record, or none that may be edited.",
    "ResultIntakeNotFound": "No such result file came in.",
    "RuleIsUnclear": OWN_WORDS,
    "SandboxIsClosed": OWN_WORDS,
    "SeveralRosters": OWN_WORDS,
    "ScheduleIsWrong": OWN_WORDS,
    "SectionsCannotBeRead": (
        "Nothing of this file can be used, so it has no sections. `rollbook roster findings` says "
        "why."
    ),
    "StageIsProvedByFacts": OWN_WORDS,
    "StageNotOfMethod": OWN_WORDS,
    "SourceIsIncomplete": OWN_WORDS,
    "SourceIsRunning": OWN_WORDS,
    "SourceNotFound": (
        "There is no such source. `rollbook sources list` shows those that there are."
    ),
    "StateMovedOn": (
        "The records have changed since this plan was made, so nothing was done. Send the file "
        "again for a new plan."
    ),
    "StudentNotFound": "There is no such student.",
    "TargetIsIncomplete": OWN_WORDS,
    "TargetNotFound": "There is no such target. `rollbook deliveries targets` shows them.",
    "TooFewStudents": OWN_WORDS,
    "TooManyCards": OWN_WORDS,
    "TransferIsDecided": "This request was answered or taken back already.",
    "TransferNotFound": "There is no such request. `rollbook identity transfers` shows them.",
    "TwoSecretsHold": OWN_WORDS,
    "UndoCannotBeUndone": "This plan is itself an undo. Send the file again instead.",
    "UndoHasNothingLeft": (
        "Everything this plan wrote has been changed again since, so there is nothing left to undo."
    ),
    "UnknownJob": OWN_WORDS,
    "WindowIsBackwards": OWN_WORDS,
    # Of this folder.
    "BackupIsDamaged": OWN_WORDS,
    "BackupIsOfAnotherKind": OWN_WORDS,
    "HeldFileUnread": OWN_WORDS,
    "HomeIsNotEmpty": OWN_WORDS,
    "NoPortIsFree": OWN_WORDS,
    "NotADemo": OWN_WORDS,
    "PortIsBusy": OWN_WORDS,
    "TablesAreOld": OWN_WORDS,
    "ToolFailed": OWN_WORDS,
    # From the outside world: the database, the disk.
    "IntegrityError": "The database refused a record. Nothing was changed. Run `rollbook doctor`.",
    "UnknownSchemeError": "DATABASE_URL names no database that Rollbook knows. Use postgresql://.",
    "InterfaceError": DATABASE_IS_AWAY,
    "OperationalError": DATABASE_IS_AWAY,
    "ProgrammingError": DATABASE_IS_AWAY,
}


def sentence_for(error: Exception) -> str | None:
    """Return what to say about a refusal; None for anything that is no refusal but a fault."""
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EROFS, errno.EACCES}:
        return NO_PLACE
    says = SENTENCES.get(type(error).__name__)
    return str(error) if says == OWN_WORDS else says


class Refusing(click.Group):
    """Run a command; say no in a sentence, and a fault in a number, never in a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that the arguments name."""
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            if os.environ.get("ROLLBOOK_DEBUG"):
                raise
            says = sentence_for(error)
            raise click.ClickException(says or _fault(error)) from error


def _fault(error: Exception) -> str:
    """Say that we broke, with the way there for whoever mends it; the error's words hold data."""
    number = secrets.token_hex(4)
    return (
        f"Something went wrong on our side (number {number}). Nothing was changed half-way. "
        f"Tell whoever looks after Rollbook:\n{told(error)}"
    )
