"""How the columns of any CSV or XLSX become a roster."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import polars as pl

from rollbook.roster.rules.import_fields import (
    DATE_FIELDS,
    FIELDS,
    IMPORT_FIELDS,
    NEEDED,
    FieldKind,
    folded_header,
)
from rollbook.roster.rules.spellings import FLAGS, GRADES, SEXES, date_column, folded

# The words that the cells of an import field of this kind may be spellings of.
WORDS_OF: Final[Mapping[FieldKind, dict[str, str]]] = {
    FieldKind.GRADE: GRADES,
    FieldKind.SEX: SEXES,
    FieldKind.FLAG: FLAGS,
}
# What may stand between cells; anything else in a mapping is left out.
_SEPARATORS: Final = frozenset(",;\t|")
# A column with more different values than this holds no words.
_MOST_WORDS: Final = 60


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """Say which uploaded field feeds which import field, and what cells mean.

    Shape: `columns` maps an import field (see IMPORT_FIELDS) to the uploaded header's name;
           `values` maps an import field to {uploaded value folded to lower case: import value};
           `defaults` fill an import field that is unmapped or blank; `date_orders` maps an import
           field to ymd, mdy or dmy. `separator` is the sign between cells, told from the header
           when blank; `sheet` is the name of a spreadsheet's sheet, the first with cells when
           blank.
    """

    columns: Mapping[str, str]
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict[str, Mapping[str, str]])
    defaults: Mapping[str, str] = field(default_factory=dict[str, str])
    date_orders: Mapping[str, str] = field(default_factory=dict[str, str])
    separator: str = ""
    sheet: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the mapping as plain values, for a JSON column."""
        return {
            "columns": dict(self.columns),
            "values": {name: dict(values) for name, values in self.values.items()},
            "defaults": dict(self.defaults),
            "date_orders": dict(self.date_orders),
            "separator": self.separator,
            "sheet": self.sheet,
        }

    @property
    def missing(self) -> tuple[tuple[str, ...], ...]:
        """List what every row needs and nothing feeds: of each, one of several fields would do."""
        fed = {*self.columns, *(name for name, value in self.defaults.items() if value)}
        return tuple(names for names in NEEDED if not fed & set(names))


def mapping_from(plain: Mapping[str, Any]) -> ColumnMapping:
    """Read what `ColumnMapping.as_json` wrote; import fields that do not exist are left out."""
    return ColumnMapping(
        columns=_known(plain.get("columns", {})),
        values={name: dict(values) for name, values in _known(plain.get("values", {})).items()},
        defaults=_known(plain.get("defaults", {})),
        date_orders=_known(plain.get("date_orders", {})),
        separator=separator if (separator := plain.get("separator")) in _SEPARATORS else "",
        sheet=str(plain.get("sheet", "")),
    )


def _known(said: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in said.items() if name in FIELDS}


def fingerprint(header: Sequence[str]) -> str:
    """Return the digest of a header by which a saved mapping is found again, in any order."""
    names = sorted(folded_header(name) for name in header)
    return hashlib.sha256("\x1f".join(names).encode()).hexdigest()


def matched_columns(header: Sequence[str]) -> dict[str, str]:
    """Match uploaded headers with import fields by what districts call them.

    Shape: import field to header; each header is used once; a field takes the header that its
           likeliest synonym names.
    """
    by_folded: dict[str, str] = {}
    for name in header:
        by_folded.setdefault(folded_header(name), name)
    candidates = [
        (rank, place, field.name, by_folded[synonym])
        for place, field in enumerate(IMPORT_FIELDS)
        for rank, synonym in enumerate(field.synonyms)
        if synonym in by_folded
    ]
    found: dict[str, str] = {}
    for _, _, name, column in sorted(candidates):
        if name not in found and column not in found.values():
            found[name] = column
    order = {field.name: place for place, field in enumerate(IMPORT_FIELDS)}
    return dict(sorted(found.items(), key=lambda pair: order[pair[0]]))


def suggested_mapping(header: Sequence[str], rows: pl.DataFrame) -> ColumnMapping:
    """Suggest how a file is to be read: its columns by their names, its values by their cells.

    Shape: `rows` has a text column for each header; date orders that the column does not decide
           are left for a person to say.
    """
    columns = matched_columns(header)
    there = {name: column for name, column in columns.items() if column in rows.columns}
    values = {
        name: words for name, column in there.items() if (words := value_map(name, rows[column]))
    }
    orders = {
        name: order.value
        for name, column in there.items()
        if name in DATE_FIELDS and (order := date_column(rows[column]).order) is not None
    }
    return ColumnMapping(columns, values=values, date_orders=orders)


def value_map(name: str, cells: pl.Series) -> dict[str, str]:
    """Map the values of a column to the words of its import field.

    Shape: every different value, folded; one that is no known spelling maps to "", which leaves
           the cell as it is. Empty for fields that take any text.
    """
    words = WORDS_OF.get(FIELDS[name].kind)
    if words is None:
        return {}
    said = cells.to_frame("cell").select(folded(pl.col("cell"))).to_series()
    different = said.drop_nulls().unique().sort().to_list()
    return {value: words.get(value, "") for value in different[:_MOST_WORDS] if value}
