"""One run of profiles, from what they choose from to the rows of a group file."""

from __future__ import annotations

from collections.abc import Sequence

from rollbook.extracts.plan.choosing import choose
from rollbook.extracts.plan.claims import Claims
from rollbook.extracts.plan.rows import counted_groups, file_rows, left_out_rows
from rollbook.extracts.plan.settling import settle
from rollbook.extracts.plan.warnings import warn
from rollbook.extracts.plan.world import prepare_world
from rollbook.extracts.types import AskedProfile, Extraction, ExtractWorld


def extract(profiles: Sequence[AskedProfile], data: ExtractWorld) -> Extraction:
    """Work out the group file that profiles write together, the earlier ones first.

    Shape: see types.Extraction. The same data with the same memory of blocks give the same rows in
           the same order, whatever the order of the frames given. What a person should know first
           stands first among the warnings of its profile.
    Source: results-reporting 5.7, certification-and-groups 2.1 to 2.3
    """
    world = prepare_world(profiles, data)
    claims = Claims()
    chosen = [choose(each, number, world, claims) for number, each in enumerate(profiles)]
    settled = settle(chosen, world)
    uuids = [profile.uuid for profile in profiles]
    rows = file_rows(settled, uuids, world)
    return Extraction(
        rows=rows,
        groups=counted_groups(settled, rows, uuids),
        left_out=left_out_rows(chosen),
        blocks=settled.blocks,
        warnings=warn(chosen, settled, world),
    )
