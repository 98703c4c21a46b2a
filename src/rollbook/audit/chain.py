"""How one audit entry vouches for the one before it."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC
from typing import Final

from rollbook.audit.models import AuditEntry

GENESIS: Final = "0" * 64  # what the first entry names as the hash before it


def entry_hash(entry: AuditEntry) -> str:
    """Return the SHA-256 of an entry's canonical JSON, the hash before it included."""
    content = {
        "sequence": entry.sequence,
        "at": entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "actor_kind": entry.actor_kind,
        "actor_label": entry.actor_label,
        "account_id": entry.account_id,
        "action": entry.action,
        "subject_kind": entry.subject_kind,
        "subject_uuid": entry.subject_uuid,
        "organization_id": entry.organization_id,
        "detail": entry.detail,
        "previous_hash": entry.previous_hash,
    }
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()
