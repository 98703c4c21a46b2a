"""How much of a file Rollbook is willing to read."""

from __future__ import annotations

from dataclasses import dataclass

KIB = 1024
MIB = 1024 * KIB
GIB = 1024 * MIB


@dataclass(frozen=True, slots=True)
class Limits:
    """Bound what one file may cost in memory and time.

    Units: sizes are bytes; `max_ratio` is unpacked bytes for each packed byte.
    Source: reliability reference, "Hostile and mangled CSV" and "XML, ZIP, formula".
    """

    # Offsets into a table's bytes are 32-bit in Arrow, so no table may reach 2 GiB.
    max_bytes: int = 2 * GIB - 1

    max_unpacked_bytes: int = 2 * GIB
    max_entries: int = 200
    max_ratio: int = 200
    max_entry_name: int = 255

    max_field_bytes: int = 64 * KIB
    max_line_bytes: int = MIB
    max_columns: int = 512
    # Each cell costs 16 bytes of memory however short it is.
    max_cells: int = 250_000_000
    # Past this many rows with stray quotes, or bytes in them, the file was not written as CSV.
    max_quote_faults: int = 2_000
    max_faulty_bytes: int = MIB

    max_xml_bytes: int = 256 * MIB
    max_xml_depth: int = 64
    max_xml_attributes: int = 256
    max_xml_text_bytes: int = MIB
    max_xml_elements: int = 5_000_000


DEFAULT = Limits()
