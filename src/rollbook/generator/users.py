"""Give people their account names and addresses."""

from __future__ import annotations

import polars as pl

from rollbook.generator.names import slug
from rollbook.generator.places import District


def with_slugs(people: pl.DataFrame) -> pl.DataFrame:
    """Add `first_slug` and `last_slug`: the names as account names spell them."""
    return people.with_columns(
        first_slug=_slugs(people["first_name"]), last_slug=_slugs(people["last_name"])
    )


def _slugs(names: pl.Series) -> pl.Series:
    distinct = names.unique().to_list()
    return names.replace_strict(distinct, [slug(name) for name in distinct])


def with_student_accounts(students: pl.DataFrame, district: District) -> pl.DataFrame:
    """Add `user_id`, `username` and `email` to students; the local id makes each unique."""
    spelled = with_slugs(students).with_columns(local_id=pl.col("local_id").cast(pl.String))
    username = pl.concat_str(pl.col("first_slug").str.slice(0, 1), "last_slug", "local_id")
    return spelled.with_columns(
        user_id=pl.format(f"{district.key}-stu-{{}}", "local_id"),
        username=username,
        email=pl.format(f"{{}}@students.{district.key}.example.org", username),
    )


def with_staff_accounts(staff: pl.DataFrame, district: District) -> pl.DataFrame:
    """Add `user_id`, `identifier`, `username` and `email` to staff, who have a `staff_number`."""
    number = pl.col("staff_number").cast(pl.String).str.zfill(5)
    username = pl.concat_str("first_slug", pl.lit("."), "last_slug", number)
    return with_slugs(staff).with_columns(
        user_id=pl.format(f"{district.key}-stf-{{}}", number),
        identifier=pl.format(f"E{10 + district.number}{{}}", number),
        username=username,
        email=pl.format(f"{{}}@{district.key}.example.org", username),
    )
