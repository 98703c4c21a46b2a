"""Hold the cut scores of the two ELPAC composites.

Source: ELPAC threshold scores as published by the California Department of Education; those of
        kindergarten are approximate.
"""

from __future__ import annotations

from typing import Final

Cuts = tuple[int, int, int]

_ORAL: Final[dict[str, Cuts]] = {
    "KG": (1379, 1427, 1478),
    "01": (1408, 1451, 1493),
    "02": (1414, 1460, 1510),
    "03": (1435, 1466, 1512),
    "04": (1439, 1472, 1522),
    "05": (1447, 1477, 1533),
    "06": (1450, 1484, 1542),
    "07": (1456, 1498, 1554),
    "08": (1461, 1505, 1569),
    "09": (1465, 1512, 1579),
    "10": (1465, 1512, 1579),
    "11": (1470, 1514, 1583),
    "12": (1470, 1514, 1583),
}
_WRITTEN: Final[dict[str, Cuts]] = {
    "KG": (1363, 1411, 1465),
    "01": (1414, 1459, 1520),
    "02": (1433, 1481, 1554),
    "03": (1461, 1509, 1557),
    "04": (1478, 1525, 1575),
    "05": (1487, 1550, 1587),
    "06": (1499, 1550, 1592),
    "07": (1505, 1556, 1598),
    "08": (1510, 1562, 1610),
    "09": (1520, 1578, 1632),
    "10": (1520, 1578, 1632),
    "11": (1529, 1595, 1646),
    "12": (1529, 1595, 1646),
}


def composite_cuts(grade: str) -> tuple[Cuts, Cuts]:
    """Return the cuts of Oral Language and of Written Language for a grade."""
    return _ORAL[grade], _WRITTEN[grade]
