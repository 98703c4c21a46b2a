"""The audit log from the command line."""

from __future__ import annotations

import click

from rollbook.audit.types import Checkpoint
from rollbook.cli.terminal import FORMAT, operator, print_json, print_table


@click.group()
def audit() -> None:
    """Read who did what, and see that nobody has altered it."""


@audit.command("list")
@click.option("--limit", type=click.IntRange(1, 100_000), default=50, show_default=True)
@click.option("--action", help="Only this action; one that ends in a dot stands for all below it.")
@FORMAT
def list_entries(limit: int, action: str | None, output: str) -> None:
    """List what was done, the latest first."""
    who = operator()
    from rollbook.audit.queries import entries  # after Django has started
    from rollbook.shared.page import PageRequest

    found = entries(who.scope, action=action, page=PageRequest(size=limit)).items
    if output == "json":
        print_json(
            [
                {
                    "sequence": entry.sequence,
                    "at": entry.at,
                    "by": f"{entry.actor_kind}: {entry.actor_label}",
                    "action": entry.action,
                    "subject": f"{entry.subject_kind} {entry.subject_uuid}".strip(),
                    "detail": entry.detail,
                    "hash": entry.hash,
                }
                for entry in found
            ]
        )
        return
    rows = [
        (
            str(entry.sequence),
            f"{entry.at:%Y-%m-%d %H:%M:%S} UTC",
            f"{entry.actor_kind} {entry.actor_label}",
            entry.action,
            f"{entry.subject_kind} {entry.subject_uuid}".strip(),
        )
        for entry in found
    ]
    print_table("Audit log", ["#", "when", "who", "what", "to what"], rows)


@audit.command()
@click.option("--against", help="SEQUENCE:HASH, as an earlier `verify` printed it and you kept it.")
def verify(against: str | None) -> None:
    """See that no entry was altered, removed or inserted; print the end of the log to keep.

    Exit status: 0 when the log is whole, 1 when it is not.
    """
    who = operator()
    from rollbook.audit.queries import checkpoint, verify_chain  # after Django has started

    breaks = verify_chain(who.scope, kept=_kept(against))
    for found in breaks:
        click.echo(f"Entry {found.sequence}: {found.kind.value}.")
    if breaks:
        raise click.ClickException(
            "The log is not whole. Keep a copy of the database as it is, and tell whoever answers "
            "for security."
        )
    end = checkpoint(who.scope)
    click.echo(
        f"The log is whole. Keep this where nobody here can write: {end.sequence}:{end.hash}"
    )


def _kept(against: str | None) -> Checkpoint | None:
    if against is None:
        return None
    sequence, _sep, digest = against.partition(":")
    if not sequence.isdigit() or not digest:
        raise click.BadParameter(
            "Use SEQUENCE:HASH, as `verify` prints it.", param_hint="--against"
        )
    return Checkpoint(int(sequence), digest)
