"""Aggregate reports from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import click

from rollbook.cli.terminal import operator, print_json, print_table


@click.group()
def report() -> None:
    """Ask questions about results."""


@report.command()
@click.argument("question", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--format",
    "output",
    type=click.Choice(["text", "json", "csv"]),
    default="text",
    help="For a person, a program or a spreadsheet.",
)
def run(question: Path, output: str) -> None:
    """Answer the question in QUESTION.json; docs/reference/questions.md says what one may ask.

    Exit status: 0 when answered, 1 when the question cannot be asked; then every reason is listed.
    """
    who = operator()
    from rollbook.reports.queries import run_report  # after Django has started
    from rollbook.reports.types import MayNotAsk, QuestionIsWrong, question_from

    try:
        answer = run_report(
            who.scope, question_from(json.loads(question.read_text(encoding="utf-8")))
        )
    except (QuestionIsWrong, MayNotAsk, json.JSONDecodeError) as refusal:
        raise click.ClickException(f"{question.name}: {refusal}") from refusal
    if output == "json":
        print_json(answer.as_json())
    elif output == "csv":
        click.echo(answer.as_csv().decode(), nl=False)
    else:
        print_table(answer.title, answer.columns, answer.rows())
        for note in answer.notes:
            click.echo(note)
