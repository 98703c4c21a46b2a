"""What pages with long lists share: which page is asked for, how much is shown at once."""

from __future__ import annotations

from rollbook.web.door import Reader

# Findings beyond these are in the download, where a person can sort them.
SHOWN_FINDINGS = 50


def page_number(request: Reader) -> int:
    """Return the page that an address asks for; the first where it asks nonsense."""
    asked = request.GET.get("page", "1")
    return max(1, int(asked)) if asked.isdecimal() and len(asked) < 7 else 1
