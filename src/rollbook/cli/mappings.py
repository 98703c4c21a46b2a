"""Saved mappings from the command line: which column of a file is what."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import click

from rollbook.cli.orgs import organization_called
from rollbook.cli.terminal import FORMAT, Operator, operator, print_json, print_table
from rollbook.files.csv_separators import SEPARATORS
from rollbook.roster.rules.import_fields import FIELDS
from rollbook.roster.rules.mapping import ColumnMapping, mapping_from, suggested_mapping
from rollbook.roster.sources.flat_file import header_of, read_flat

FILE = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
MAPPING = click.argument("mapping", type=click.UUID)
_PAIR = "FIELD=VALUE"


@click.group()
def mappings() -> None:
    """Say once which column of a CSV or XLSX is what, for every file with the same header."""


@mappings.command("list")
@FORMAT
def list_mappings(output: str) -> None:
    """List the saved mappings."""
    who = operator()
    from rollbook.roster.queries.sources import mappings_in  # after Django has started

    found = [
        {
            "mapping": str(saved.uuid),
            "name": saved.name,
            "district": saved.organization.name if saved.organization else "",
            "fields": len(saved.mapping.get("columns", {})),
            "saved_at": saved.saved_at,
        }
        for saved in mappings_in(who.scope)
    ]
    if output == "json":
        print_json(found)
        return
    rows = [(row["name"], row["district"], row["fields"], row["mapping"]) for row in found]
    print_table("Mappings", ["name", "district", "fields", "public id"], rows)


@mappings.command()
@MAPPING
@FORMAT
def show(mapping: Any, output: str) -> None:
    """Show one saved mapping: import field by import field."""
    who = operator()
    from rollbook.roster.queries.mappings import get_mapping  # after Django has started

    saved = get_mapping(who.scope, mapping)
    if output == "json":
        print_json({"name": saved.name, "header": saved.header, **saved.mapping})
        return
    said = mapping_from(saved.mapping)
    rows = [
        (
            FIELDS[name].label,
            said.columns.get(name, ""),
            said.defaults.get(name, ""),
            said.date_orders.get(name, ""),
        )
        for name in FIELDS
        if name in said.columns or name in said.defaults
    ]
    print_table(saved.name, ["import field", "uploaded field", "if blank", "dates"], rows)
    if said.separator:
        click.echo(f"Separated by {SEPARATORS[said.separator]}.")
    if said.sheet:
        click.echo(f"Sheet: {said.sheet}.")


@mappings.command()
@FILE
@click.option("--name", default="", help="What to call it; the file's name when left out.")
@click.option(
    "--column", "columns", multiple=True, metavar=_PAIR, help="Uploaded field of a field."
)
@click.option("--default", "defaults", multiple=True, metavar=_PAIR, help="What a blank cell is.")
@click.option(
    "--date-order", "orders", multiple=True, metavar=_PAIR, help="ymd, mdy or dmy, for a date."
)
@click.option(
    "--mapping",
    "given",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A mapping as `rollbook mappings show --format json` prints it, instead of suggestions.",
)
@click.option("--district", help="Code or public id of the district that it is for.")
@click.option("--encoding", default="utf-8", show_default=True, help="How the file is written.")
@click.option(
    "--separator",
    type=click.Choice(sorted(SEPARATORS.values())),
    help="What stands between the cells of a text file; told from the header when left out.",
)
@click.option("--sheet", default="", help="Sheet of a workbook; the first with cells if left out.")
@FORMAT
def save(
    *,
    file: Path,
    name: str,
    columns: tuple[str, ...],
    defaults: tuple[str, ...],
    orders: tuple[str, ...],
    given: Path | None,
    district: str | None,
    encoding: str,
    separator: str | None,
    sheet: str,
    output: str,
) -> None:
    """Save how files with the header of FILE are read: as their columns suggest, or as said."""
    who = operator()
    from rollbook.roster.actions.mappings import save_mapping  # after Django has started

    sign = next((sign for sign, word in SEPARATORS.items() if word == separator), "")
    if given is not None:
        mapping = mapping_in(given)
        mapping = replace(
            mapping, separator=sign or mapping.separator, sheet=sheet or mapping.sheet
        )
    else:
        table = read_flat(file, name=file.name, encoding=encoding, separator=sign, sheet=sheet)
        mapping = suggested_mapping(table.header, table.frame)
        mapping = replace(mapping, separator=sign, sheet=sheet)
    saved = save_mapping(
        who.scope,
        organization_id=organization_called(who, district).id if district else None,
        name=name or file.name,
        # The next file is recognized before anybody says how it is separated.
        header=header_of(file, name=file.name, encoding=encoding),
        mapping=_said(mapping, columns, defaults, orders),
        by=who.by,
        now=who.now,
    )
    if output == "json":
        print_json({"mapping": str(saved.uuid), "name": saved.name, **saved.mapping})
        return
    click.echo(f"{saved.name}: saved as {saved.uuid}.")
    for field, column in saved.mapping["columns"].items():
        click.echo(f"  {FIELDS[field].label} ← {column}")


@mappings.command()
@click.argument("intake", type=click.UUID)
@MAPPING
def use(intake: Any, mapping: Any) -> None:
    """Read the roster file of an INTAKE by a saved MAPPING, and check it."""
    who = operator()
    from rollbook.roster.actions.mappings import map_intake  # after Django has started
    from rollbook.roster.queries.mappings import get_mapping

    saved = get_mapping(who.scope, mapping)
    checked = map_intake(
        who.scope,
        intake,
        mapping=mapping_from(saved.mapping),
        name=saved.name,
        organization_id=saved.organization_id,
        by=who.by,
        now=who.now,
    )
    click.echo(f"{checked.file_name}: {checked.status}. Intake {checked.uuid}.")


@mappings.command()
@MAPPING
def delete(mapping: Any) -> None:
    """Forget a saved mapping; files with its header are asked about again."""
    who = operator()
    from rollbook.roster.actions.mappings import delete_mapping  # after Django has started

    delete_mapping(who.scope, mapping, by=who.by, now=who.now)
    click.echo("Deleted.")


def mapping_in(path: Path) -> ColumnMapping:
    """Read a mapping from a file of JSON, as `rollbook mappings show --format json` prints it."""
    try:
        return mapping_from(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, AttributeError, TypeError) as error:
        raise click.BadParameter(f"{path.name} holds no mapping as JSON.") from error


def mapping_called(who: Operator, called: str) -> ColumnMapping:
    """Return the saved mapping with this public id, or with this name that only one has."""
    from rollbook.roster.queries.mappings import MappingNotFound, get_mapping
    from rollbook.roster.queries.sources import mappings_in  # after Django has started

    try:
        return mapping_from(get_mapping(who.scope, UUID(called)).mapping)
    except ValueError:
        named = [saved for saved in mappings_in(who.scope) if saved.name == called]
    if len(named) != 1:
        found = "more than one mapping" if named else "no mapping"
        raise MappingNotFound(f'There is {found} called "{called}". Give its public id.')
    return mapping_from(named[0].mapping)


def _said(
    mapping: ColumnMapping,
    columns: Iterable[str],
    defaults: Iterable[str],
    orders: Iterable[str],
) -> ColumnMapping:
    """Put what was said on the command line over what the file suggests."""
    return replace(
        mapping,
        columns={**mapping.columns, **_pairs(columns)},
        defaults={**mapping.defaults, **_pairs(defaults)},
        date_orders={**mapping.date_orders, **_pairs(orders)},
    )


def _pairs(said: Iterable[str]) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for pair in said:
        name, sign, value = pair.partition("=")
        if not sign or name not in FIELDS:
            known = ", ".join(FIELDS)
            raise click.BadParameter(f'"{pair}" is not {_PAIR}. Fields: {known}.')
        pairs[name] = value
    return pairs
