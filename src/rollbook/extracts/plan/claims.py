"""Which profile writes what: the earlier one wins, the later one's rows are left out aloud."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import polars as pl

from rollbook.extracts.types import SubjectArea

_ALL: Final = SubjectArea.ALL.value


@dataclass(slots=True)
class Claims:
    """Hold what the profiles so far have written, by realm.

    Shape: a, b (what it is: a class and a teacher, a school and a grade, ...), year, subject, base
           (the group's name as it is compared) and profile_no.
    """

    _held: dict[str, pl.DataFrame] = field(default_factory=dict[str, pl.DataFrame])

    def overlapping(self, asked: pl.DataFrame, realm: str) -> pl.DataFrame:
        """Find the offers that earlier profiles wrote already: all that they would show.

        Shape: offer, winner (the first earlier profile's number) and won (its group's name as it
               is compared). `asked` has offer, a, b, year, subject and base. A class under another
               name is the same unless the two are for two single subjects; all else is the same
               under the same name only. A class counts as written once each of its teachers has it.
        """
        held = self._held.get(realm)
        if held is None or asked.is_empty():
            return pl.DataFrame(schema={"offer": pl.UInt32, "winner": pl.Int64, "won": pl.String})
        is_same = pl.col("base") == pl.col("base_held")
        if realm == "class":
            subjects = (pl.col("subject"), pl.col("subject_held"))
            is_same |= (subjects[0] == subjects[1]) | pl.any_horizontal(s == _ALL for s in subjects)
        met = asked.join(held, on=["a", "b", "year"], suffix="_held").filter(is_same)
        needed = asked.group_by("offer").agg(pl.col("b").n_unique().alias("needed"))
        return (
            met.sort("profile_no", "base_held")
            .group_by("offer", maintain_order=True)
            .agg(
                pl.col("b").n_unique().alias("met"),
                pl.col("profile_no").first().alias("winner"),
                pl.col("base_held").first().alias("won"),
            )
            .join(needed, on="offer")
            .filter(pl.col("met") == pl.col("needed"))
            .select("offer", "winner", "won")
            .sort("offer")
        )

    def hold(self, written: pl.DataFrame, realm: str, profile_no: int) -> None:
        """Keep what a profile writes."""
        new = written.select(
            "a", "b", "year", "subject", "base", pl.lit(profile_no, pl.Int64).alias("profile_no")
        )
        held = self._held.get(realm)
        self._held[realm] = new if held is None else pl.concat([held, new])
