"""Turn the objects of OneRoster REST into the rows of OneRoster CSV, cell by cell as text."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from rollbook.roster.layouts import LAYOUTS
from rollbook.roster.sources.packing import is_gone, list_of, text_of

Record = dict[str, Any]
Row = dict[str, str]

# What REST calls the columns of the files; whatever is not here has the same name.
# Source: OneRoster 1.2 REST and CSV bindings; the lower-case spelling is of drafts of 1.1.
_REST_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "parentSourcedId": ("parent",),
    "schoolYearSourcedId": ("schoolYear",),
    "orgSourcedId": ("org",),
    "orgSourcedIds": ("orgs",),
    "courseSourcedId": ("course",),
    "schoolSourcedId": ("school",),
    "classSourcedId": ("class",),
    "userSourcedId": ("user",),
    "termSourcedIds": ("terms",),
    "agentSourcedIds": ("agents",),
    "primaryOrgSourcedId": ("primaryOrg",),
    "preferredGivenName": ("preferredFirstName", "preferredGivenName"),
    "preferredFamilyName": ("preferredLastName", "preferredFamilyName"),
    "birthDate": ("birthDate", "birthdate"),
}
# Passwords of others are never taken.
_NOT_TAKEN: Final = frozenset({"password"})
_GUID: Final = re.compile(r"[0-9A-Za-z./@_-]{1,255}")


def rows_of(version: str, file: str, records: Iterable[Record], *, is_delta: bool) -> Iterator[Row]:
    """Return the rows of some records.

    Shape: in bulk what is gone is left out, and nobody says when a record changed; in a delta
           every row says both. What cannot be read is passed on as it is, for the checks.
    """
    header = LAYOUTS[version][file].header[3:]
    for record in records:
        start = _first_three(record, is_delta=is_delta)
        if start is not None:
            yield {**start, **{name: _cell(record, name) for name in header}}


def roles_of(records: Iterable[Record], *, is_delta: bool) -> Iterator[Row]:
    """Return the rows of roles.csv that the users of OneRoster 1.2 carry with them.

    Shape: a role has no id of its own over REST, so one is made of user, place and role. A role
           that a user no longer has is therefore noticed by a full pull only.
    """
    for record in records:
        start = _first_three(record, is_delta=is_delta)
        roles = record.get("roles")
        if start is None or not isinstance(roles, list):
            continue
        taken: dict[str, int] = {}
        for role in roles:
            row = _role(start, role if isinstance(role, dict) else {"role": role})
            key = row["sourcedId"]
            taken[key] = taken.get(key, 0) + 1
            yield row if taken[key] == 1 else {**row, "sourcedId": f"{key}_{taken[key]}"}


def _role(start: Row, role: Record) -> Row:
    user, org, word = start["sourcedId"], _reference(role.get("org")), text_of(role.get("role"))
    return {
        **start,
        "sourcedId": made_id(user, org, word),
        "userSourcedId": user,
        "roleType": text_of(role.get("roleType")),
        "role": word,
        "beginDate": text_of(role.get("beginDate")),
        "endDate": text_of(role.get("endDate")),
        "orgSourcedId": org,
    }


def made_id(*parts: str) -> str:
    """Return an id for a record that has none: the same for the same parts, and a lawful one."""
    plain = "_".join(part for part in parts if part)
    if _GUID.fullmatch(plain) and len(plain) < 200:
        return plain
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _first_three(record: Record, *, is_delta: bool) -> Row | None:
    status = text_of(record.get("status"))
    start = {"sourcedId": text_of(record.get("sourcedId"))}
    if is_delta:
        changed = text_of(record.get("dateLastModified"))
        return {**start, "status": status, "dateLastModified": changed}
    if is_gone(status):
        return None
    return {**start, "status": "" if status == "active" else status, "dateLastModified": ""}


def _cell(record: Record, name: str) -> str:
    if name in _NOT_TAKEN:
        return ""
    rest_names = _REST_NAMES.get(name, (name,))
    value = next((record[rest] for rest in rest_names if rest in record), None)
    if name == "userIds":
        return _user_ids(value)
    if name.endswith(("SourcedId", "SourcedIds")):
        return _references(value)
    return list_of(value)


def _references(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(text for item in value if (text := _reference(item)))
    return _reference(value)


def _reference(value: Any) -> str:
    """Return the id that a reference names; some servers send it bare."""
    if isinstance(value, dict) and "sourcedId" in value:
        return text_of(value["sourcedId"])
    return text_of(value)


def _user_ids(value: Any) -> str:
    if not isinstance(value, list):
        return text_of(value)
    return ",".join(
        f"{{{text_of(item.get('type'))}:{text_of(item.get('identifier'))}}}"
        if isinstance(item, dict)
        else text_of(item)
        for item in value
    )
