"""What a person may see: the first argument of every public read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from types import MappingProxyType


class Permission(StrEnum):
    """Name one thing a role may allow. The first block keeps the state reporting system's names."""

    INDIVIDUAL_PII_READ = "INDIVIDUAL_PII_READ"
    GROUP_PII_READ = "GROUP_PII_READ"
    GROUP_READ = "GROUP_READ"
    GROUP_WRITE = "GROUP_WRITE"
    CUSTOM_AGGREGATE_READ = "CUSTOM_AGGREGATE_READ"
    INSTRUCTIONAL_RESOURCE_WRITE = "INSTRUCTIONAL_RESOURCE_WRITE"
    TEST_DATA_LOADING_READ = "TEST_DATA_LOADING_READ"
    TEST_DATA_LOADING_WRITE = "TEST_DATA_LOADING_WRITE"
    TEST_DATA_REVIEWING_READ = "TEST_DATA_REVIEWING_READ"
    TEST_DATA_REVIEWING_WRITE = "TEST_DATA_REVIEWING_WRITE"
    DATA_WRITE = "DATA_WRITE"

    ROSTER_READ = "ROSTER_READ"
    ROSTER_WRITE = "ROSTER_WRITE"
    ROSTER_APPROVE = "ROSTER_APPROVE"
    ORGANIZATION_READ = "ORGANIZATION_READ"
    ORGANIZATION_WRITE = "ORGANIZATION_WRITE"
    ACCOUNT_READ = "ACCOUNT_READ"
    ACCOUNT_WRITE = "ACCOUNT_WRITE"
    CERTIFICATION_READ = "CERTIFICATION_READ"
    CERTIFICATION_SUBMIT = "CERTIFICATION_SUBMIT"
    CERTIFICATION_APPROVE = "CERTIFICATION_APPROVE"
    AUDIT_READ = "AUDIT_READ"
    SYSTEM_READ = "SYSTEM_READ"


@dataclass(frozen=True, slots=True)
class Reach:
    """Say over which organizations a permission holds.

    Shape: `organization_ids` already holds every descendant of each granted organization;
           `everything` means the whole installation, and then the set is not consulted.
    """

    organization_ids: frozenset[int] = frozenset()
    everything: bool = False

    def __bool__(self) -> bool:
        return self.everything or bool(self.organization_ids)

    def includes(self, organization_id: int) -> bool:
        """Tell whether the permission holds at this organization."""
        return self.everything or organization_id in self.organization_ids


NOWHERE = Reach()
EVERYWHERE = Reach(everything=True)


@dataclass(frozen=True, slots=True)
class Scope:
    """Hold what one reader may see, computed once per request and never stored.

    Shape: `reach` lacks a permission the reader does not hold anywhere; `group_ids` are the
           student groups assigned to the reader whatever their organization; `program_id` is the
           program that calls the API, which is no account.
    """

    account_id: int | None
    label: str
    on: date
    reach: Mapping[Permission, Reach] = field(default_factory=lambda: MappingProxyType({}))
    group_ids: frozenset[int] = frozenset()
    program_id: int | None = None

    def may(self, permission: Permission) -> bool:
        """Tell whether the reader holds `permission` anywhere."""
        return bool(self.over(permission))

    def over(self, permission: Permission) -> Reach:
        """Return where `permission` holds: nowhere when it was never granted."""
        return self.reach.get(permission, NOWHERE)

    def narrowed_to(self, organization_ids: frozenset[int]) -> Scope:
        """Return this scope as far as it lies within some organizations, all their parts listed."""
        return replace(
            self,
            reach=MappingProxyType(
                {
                    permission: Reach(
                        organization_ids
                        if reach.everything
                        else reach.organization_ids & organization_ids
                    )
                    for permission, reach in self.reach.items()
                }
            ),
        )

    @classmethod
    def nobody(cls, *, on: date) -> Scope:
        """Return the scope of somebody not signed in: it sees nothing."""
        return cls(account_id=None, label="nobody", on=on)

    @classmethod
    def of_installation(cls, label: str, *, on: date) -> Scope:
        """Return the scope of the operator at the server's own shell, or of a named job.

        Only `cli/`, `jobs.py` files and tests may call this; a house test keeps that true.
        """
        everything = MappingProxyType(dict.fromkeys(Permission, EVERYWHERE))
        return cls(account_id=None, label=label, on=on, reach=everything)
