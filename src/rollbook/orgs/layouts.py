"""The columns of organizations and academic sessions, as change plans write them."""

from __future__ import annotations

from typing import Final

from rollbook.changes.types import PlanTable

ORGANIZATIONS: Final = PlanTable(
    name="organizations",
    db_table="rollbook_organization",
    columns={
        "uuid": "uuid",
        "kind": "text",
        "name": "text",
        "natural_id": "text",
        "nces_id": "text",
        "source": "text",
        "sourced_id": "text",
        "parent_id": "integer",
        "received_type": "text",
        "received_parent": "text",
        "is_active": "boolean",
    },
    references={"parent_id": "organizations"},
)

ACADEMIC_SESSIONS: Final = PlanTable(
    name="academic sessions",
    db_table="rollbook_academicsession",
    columns={
        "uuid": "uuid",
        "organization_id": "integer",
        "kind": "text",
        "title": "text",
        "school_year": "integer",
        "starts_on": "date",
        "ends_before": "date",
        "parent_id": "integer",
        "received_type": "text",
        "source": "text",
        "sourced_id": "text",
        "is_active": "boolean",
    },
    references={"organization_id": "organizations", "parent_id": "academic sessions"},
)

# In the order in which a plan applies them.
PLAN_TABLES: Final = (ORGANIZATIONS, ACADEMIC_SESSIONS)
