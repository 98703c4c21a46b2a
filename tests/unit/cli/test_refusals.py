"""Every rule that says no has a sentence, and a fault has a number and no words."""

from __future__ import annotations

import ast

import click
import pytest
from click.testing import CliRunner

from rollbook.changes.rules import PlanIsNotCommitted
from rollbook.cli.refusals import SENTENCES, Refusing
from tests.house.code import DOMAINS, SERVICES, folder, source_files, tree

# Never reach a command: inside the queue, inside a source (which tells it as a run), on a public
# page alone, or a mistake of ours.
INSIDE = {
    "AnswerIsTooLarge", "DetailMayNamePerson", "FileBreaks", "LeaseLost", "MailRefused",
    "NotWorthRetrying",
    "SourceFailed", "SourceIsAway", "_FilterIsIgnored", "_Moved", "CardRefused",
    "SecretRefused",
}  # fmt: skip
FROM_OUTSIDE = {
    "IntegrityError", "InterfaceError", "OperationalError", "ProgrammingError",
    "UnknownSchemeError", "TooFewStudents",
}  # fmt: skip
ROOTS = {"Exception", "LookupError", "PermissionError", "RuntimeError", "ValueError"}
TOKEN = "9876543210"


def _refusals() -> set[str]:
    return {
        node.name
        for path in source_files()
        if folder(path) in (*DOMAINS, *SERVICES, "cli")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ClassDef)
        and any(isinstance(base, ast.Name) and base.id in ROOTS for base in node.bases)
    }


def test_every_refusal_has_a_sentence() -> None:
    assert set(SENTENCES) - FROM_OUTSIDE == _refusals() - INSIDE


@pytest.fixture
def command() -> click.Group:
    @click.group(cls=Refusing)
    def group() -> None:
        pass

    @group.command()
    def refuse() -> None:
        raise PlanIsNotCommitted

    @group.command("break")
    def breaks() -> None:
        raise KeyError(f"Key (ssid)=({TOKEN}) already exists.")

    return group


def test_a_refusal_is_one_sentence_and_ends_with_1(command: click.Group) -> None:
    done = CliRunner().invoke(command, ["refuse"])
    assert done.exit_code == 1
    assert done.output == f"Error: {SENTENCES['PlanIsNotCommitted']}\n"


def test_a_fault_tells_its_kind_and_place_and_no_words(command: click.Group) -> None:
    done = CliRunner().invoke(command, ["break"])
    assert done.exit_code == 1
    assert done.output.startswith("Error: Something went wrong on our side (number ")
    assert "[builtins.KeyError at " in done.output
    assert "test_refusals.py" in done.output
    assert TOKEN not in done.output
