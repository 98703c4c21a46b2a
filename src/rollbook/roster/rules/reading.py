"""How received bytes are to be read and judged: what the sender, or the source, said of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rollbook.roster.rules.mapping import ColumnMapping, mapping_from
from rollbook.roster.rules.policy import IntakePolicy, policy_from
from rollbook.roster.rules.sharing import Sharing, sharing_from
from rollbook.roster.types import Profile, SourceFormat


@dataclass(frozen=True, slots=True)
class Reading:
    """Say how one file is to be read and judged.

    Shape: without a `format` it is told from the file; `switched_off` are codes of repairs that
           the lenient profile may not make.
    """

    format: SourceFormat | None = None
    profile: Profile = Profile.LENIENT
    encoding: str = "utf-8"
    switched_off: frozenset[str] = frozenset()
    mapping: ColumnMapping | None = None
    sharing: Sharing = field(default_factory=Sharing)
    policy: IntakePolicy = field(default_factory=IntakePolicy)

    def as_json(self) -> dict[str, Any]:
        """Return the reading as plain values: equal readings, equal values."""
        return {
            "format": self.format.value if self.format else "",
            "profile": self.profile.value,
            "encoding": self.encoding,
            "switched_off": sorted(self.switched_off),
            "mapping": self.mapping.as_json() if self.mapping else None,
            "sharing": self.sharing.as_json(),
            "policy": self.policy.as_json(),
        }


def reading_from(plain: Mapping[str, Any]) -> Reading:
    """Read what `Reading.as_json` wrote."""
    return Reading(
        format=SourceFormat(plain["format"]) if plain.get("format") else None,
        profile=Profile(plain.get("profile", Profile.LENIENT.value)),
        encoding=plain.get("encoding", "utf-8"),
        switched_off=frozenset(plain.get("switched_off", ())),
        mapping=mapping_from(plain["mapping"]) if plain.get("mapping") else None,
        sharing=sharing_from(plain.get("sharing", {})),
        policy=policy_from(plain.get("policy", {})),
    )
