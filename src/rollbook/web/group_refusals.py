"""What is said when a rule says no to a group file; nothing has changed then."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from rollbook.changes.actions import (
    DigestDiffers,
    PlanDoesNotFit,
    PlanIsFinished,
    PlanIsNotCommitted,
    StateMovedOn,
    UndoHasNothingLeft,
)
from rollbook.groups.actions.committing import MayNotWriteGroups, NothingToDecide
from rollbook.groups.actions.correcting import NothingToTakePart
from rollbook.groups.actions.imports import GroupFileIsTooLarge, MayNotSendGroups
from rollbook.groups.plan.corrections import CorrectionDoesNotFit

SENTENCES: Final[Mapping[type[Exception], Promise]] = {
    MayNotSendGroups: _("Your role may not write groups at any school. Nothing was kept."),
    MayNotWriteGroups: _(
        "This file changes groups of a school where your role may not. Nothing was done."
    ),
    GroupFileIsTooLarge: _("A group file has at most 500 MB. Split it by school."),
    NothingToDecide: _("There is nothing to decide about this file. Nothing was done."),
    NothingToTakePart: _("No part of this file can be taken. Mend its rows, or send it again."),
    CorrectionDoesNotFit: _(
        "These rows are not in the file as it is kept. Look at them again. Nothing was done."
    ),
    PlanIsFinished: _("Somebody has decided on this file already."),
    PlanIsNotCommitted: _("This file has not been committed, so there is nothing to undo."),
    DigestDiffers: _(
        "This is not what you reviewed, so nothing was done. Look at it again, then decide."
    ),
    StateMovedOn: _(
        "The groups have changed since this was checked, so nothing was done. This is what the "
        "file would change now."
    ),
    PlanDoesNotFit: _(
        "The groups have changed since this was checked, so nothing was done. This is what the "
        "file would change now."
    ),
    UndoHasNothingLeft: _(
        "Everything that this file wrote has been changed again since, so nothing is left to undo."
    ),
}
REFUSALS: Final = tuple(SENTENCES)


def says_no(refusal: Exception) -> str:
    """Return the sentence for a refusal."""
    return str(SENTENCES[type(refusal)])
