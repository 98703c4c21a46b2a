"""A worker that is killed in the middle of a run of a source leaves nothing half done."""

from __future__ import annotations

import pytest

from rollbook.people.models import Student
from rollbook.roster.actions import runs
from rollbook.roster.actions.runs import run_source
from rollbook.roster.models.intakes import Intake
from rollbook.roster.models.sources import SyncRun
from rollbook.roster.rules.policy import IntakePolicy
from tests.factories.accounts import BY, EVERYTHING, NOW
from tests.factories.places import small_state
from tests.factories.sources import saved_source, scripted
from tests.spec.roster.given import spoilt

pytestmark = pytest.mark.django_db
PLACES = ["_outcome_of", "receive_intake", "check_intake", "commit_intake"]


@pytest.mark.parametrize("is_before", [True, False])
@pytest.mark.parametrize("place", PLACES)
def test_the_next_run_finishes_what_a_killed_one_began(
    monkeypatch: pytest.MonkeyPatch, place: str, is_before: bool
) -> None:
    """Kill a run before or after each of its steps; the next one ends where one run would have."""
    state = small_state()
    scripted(monkeypatch, spoilt("1.2"))
    alone = IntakePolicy(commits_itself=True)
    source = saved_source(state.north, policy=alone)
    step = getattr(runs, place)

    def killed(*arguments: object, **more: object) -> None:
        if not is_before:
            step(*arguments, **more)
        raise KeyboardInterrupt  # no handler of ours sees it, as none sees a kill

    with monkeypatch.context() as patch:
        patch.setattr(runs, place, killed)
        with pytest.raises(KeyboardInterrupt):
            run_source(EVERYTHING, source.uuid, is_scheduled=True, by=BY, now=NOW)
    run_source(EVERYTHING, source.uuid, is_scheduled=True, by=BY, now=NOW)
    assert set(SyncRun.objects.values_list("outcome", flat=True)) <= {
        "committed",
        "unchanged",
        "failed",
    }
    assert SyncRun.objects.filter(outcome="committed").count() == 1
    assert Student.objects.filter(is_active=True).count() == 2
    assert Intake.objects.filter(plan__isnull=False).count() == 1
