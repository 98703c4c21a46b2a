"""What may be done with a change plan: propose, commit, discard, undo."""

from rollbook.changes.actions.commit import (
    ApprovedCountDiffers,
    PlanIsHeld,
    commit_plan,
    endorse_plan,
)
from rollbook.changes.actions.propose import PlanIsEmpty, discard_plan, propose_plan, reserve_ids
from rollbook.changes.actions.undo import UndoCannotBeUndone, UndoHasNothingLeft, undo_plan
from rollbook.changes.apply import PlanDoesNotFit
from rollbook.changes.rules import (
    MayNotCommit,
    NeedsNoEndorsement,
    NeedsSecondPerson,
    PlanIsFinished,
    PlanIsNotCommitted,
)
from rollbook.changes.state import StateMovedOn
from rollbook.changes.store import DigestDiffers

__all__ = [
    "ApprovedCountDiffers",
    "DigestDiffers",
    "MayNotCommit",
    "NeedsNoEndorsement",
    "NeedsSecondPerson",
    "PlanDoesNotFit",
    "PlanIsEmpty",
    "PlanIsFinished",
    "PlanIsHeld",
    "PlanIsNotCommitted",
    "StateMovedOn",
    "UndoCannotBeUndone",
    "UndoHasNothingLeft",
    "commit_plan",
    "discard_plan",
    "endorse_plan",
    "propose_plan",
    "reserve_ids",
    "undo_plan",
]
