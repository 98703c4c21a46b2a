"""What a person sees of a page: its words, without the markup."""

from __future__ import annotations

import html
import re

from django.http import HttpResponse


def plain(response: HttpResponse) -> str:
    """Return a page's words in their order, scripts left out, blanks folded."""
    text = re.sub(r"<script.*?</script>|<[^>]+>", " ", response.content.decode(), flags=re.S)
    return " ".join(html.unescape(text).split())
