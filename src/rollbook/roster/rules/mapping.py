"""How the columns of any CSV or XLSX become a roster."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """Say which uploaded field feeds which import field, and what cells mean.

    Shape: `columns` maps an import field (see IMPORT_FIELDS) to the uploaded header's name;
           `values` maps an import field to {uploaded value folded to lower case: import value};
           `defaults` fill an import field that is unmapped or blank; `date_orders` maps an import
           field to ymd, mdy or dmy.
    """

    columns: Mapping[str, str]
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict[str, Mapping[str, str]])
    defaults: Mapping[str, str] = field(default_factory=dict[str, str])
    date_orders: Mapping[str, str] = field(default_factory=dict[str, str])

    def as_json(self) -> dict[str, Any]:
        """Return the mapping as plain values, for a JSON column."""
        return {
            "columns": dict(self.columns),
            "values": {name: dict(values) for name, values in self.values.items()},
            "defaults": dict(self.defaults),
            "date_orders": dict(self.date_orders),
        }


def mapping_from(plain: Mapping[str, Any]) -> ColumnMapping:
    """Read what `ColumnMapping.as_json` wrote."""
    return ColumnMapping(
        columns=dict(plain.get("columns", {})),
        values={name: dict(values) for name, values in plain.get("values", {}).items()},
        defaults=dict(plain.get("defaults", {})),
        date_orders=dict(plain.get("date_orders", {})),
    )
