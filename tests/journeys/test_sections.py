"""A district asks whether every student is in exactly one section, and makes it so."""

from __future__ import annotations

import re

from tests.journeys.walk import Sandbox, Walker

DISTRICT = "District Admin: Sample District"
ANSWER = re.compile(
    r"([\d,]+) students? (?:is|are) in exactly one section, ([\d,]+) in none, ([\d,]+)"
)


def test_rules_are_tried_proposed_and_used(sandbox: Sandbox, walker: Walker) -> None:
    page = walker.page
    walker.enter(sandbox, DISTRICT)
    walker.go("Rosters")
    bundle = (sandbox.rosters / "sample-next.zip").read_bytes()
    walker.send("#bundle", "sample-next.zip", bundle, "Check this roster")
    walker.go("Is every student in exactly one section?")
    walker.look()
    one, none, more = answered(walker)
    assert one + none < more

    page.get_by_label("Value").fill("homeroom")
    page.locator("#rule-text").wait_for()
    assert page.locator("#rule-text").input_value() == (
        'Match all sections where Course name contains "homeroom"'
    )
    assert sum(answered(walker)) == one + none + more

    page.get_by_role("button", name="Propose the smallest rules").click()
    assert page.get_by_role("heading", name=re.compile(r"^Proposed: \d rules?$")).count() == 1
    proposed = answered(walker)
    assert proposed[0] > 0.9 * sum(proposed)
    walker.look()
    walker.picture("sections", is_whole=True)
    if proposed[0] < sum(proposed):
        page.get_by_role("button", name=re.compile("^See who")).first.click()
        assert walker.rows("Students not in exactly one section") != []
        walker.look()
    page.get_by_label("Value").first.press("Enter")
    assert answered(walker) == proposed

    page.get_by_role("button", name=re.compile(r"^Use th")).click()
    assert page.locator("h1").inner_text() == "What would sample-next.zip change?"
    walker.go("Is every student in exactly one section?")
    assert answered(walker) == proposed


def answered(walker: Walker) -> tuple[int, int, int]:
    """Return how many students the page says are in one, in none, in more sections."""
    found = ANSWER.search(walker.says())
    assert found is not None
    one, none, more = (int(number.replace(",", "")) for number in found.groups())
    return one, none, more
