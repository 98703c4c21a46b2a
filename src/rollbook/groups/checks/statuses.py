"""Say with the state's numbers why a group file is refused."""

from __future__ import annotations

from typing import Final

from rollbook.groups.checks.catalogue import SCHOOL_UNKNOWN
from rollbook.groups.checks.state import EMPTY, NOT_CSV, NOT_FOUND, READING, WRONG_HEADERS
from rollbook.groups.types import GroupFileReading, ImportStatus, StateVerdict
from rollbook.shared.findings import Severity

_FILE_LEVEL: Final = (EMPTY, NOT_CSV, WRONG_HEADERS, READING)


def failed_status(judged: StateVerdict | GroupFileReading) -> ImportStatus:
    """Return the status of a refused file: the worst that is wrong with it decides.

    Shape:  ACCEPTED for a file that is not refused.
    Source: results-reporting 6.2
    """
    if isinstance(judged, GroupFileReading):
        return _status_of_reading(judged)
    if judged.accepted:
        return ImportStatus.ACCEPTED
    says = [message.says for message in judged.messages]
    if says[0].startswith(_FILE_LEVEL):
        return ImportStatus.BAD_FORMAT
    if any(text.startswith("School [") and text.endswith(NOT_FOUND) for text in says):
        return ImportStatus.UNKNOWN_SCHOOL
    return ImportStatus.BAD_DATA


def _status_of_reading(reading: GroupFileReading) -> ImportStatus:
    if reading.is_accepted:
        return ImportStatus.ACCEPTED
    if any(finding.severity is Severity.FATAL for finding in reading.findings):
        return ImportStatus.BAD_FORMAT
    if any(finding.code == SCHOOL_UNKNOWN.code for finding in reading.findings):
        return ImportStatus.UNKNOWN_SCHOOL
    return ImportStatus.BAD_DATA
