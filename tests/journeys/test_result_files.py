"""Test results come in by the page."""

from __future__ import annotations

import re

from tests.journeys.walk import Sandbox, Walker


def test_a_result_document_is_published_and_a_damaged_one_explained(
    sandbox: Sandbox, walker: Walker
) -> None:
    walker.enter(sandbox, "District Admin: Sample District")
    walker.go("Result files")
    walker.look()
    document = sandbox.result_documents[0]
    content = document.read_bytes()
    another = re.sub(rb'oppId="(\d+)"', rb'oppId="\g<1>7"', content)  # the sandbox has the first
    walker.send("#results", document.name, another, "Check and publish")
    assert "1 result is published and shown on the result pages." in walker.says()
    assert ["Published results", "1"] in walker.rows("What the file holds")
    walker.look()

    walker.go("Result files")
    damaged = content[:900]
    walker.send("#results", "damaged.xml", damaged, "Check and publish")
    said = walker.says()
    assert "damaged.xml ends at line " in said
    assert "Send the document again: its end is missing. Nothing has changed." in said
    walker.look()
    walker.go("Result files")
    latest = walker.rows("Result files that came in")[:2]
    assert [row[0] for row in latest] == ["damaged.xml", document.name]
