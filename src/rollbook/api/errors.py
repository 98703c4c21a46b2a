"""What a program is told when it cannot be answered: a status, a code that stays, a sentence.

No answer repeats what was sent, except the names of parameters.
"""

from __future__ import annotations

import secrets
from typing import Final

from django.http import HttpRequest, JsonResponse

# The codes stay the same between releases; sentences may change.
STATUSES: Final = {
    "illegal_argument": 400,
    "incomplete": 400,
    "unauthorized": 401,
    "forbidden": 403,
    "not_found": 404,
    "method_not_allowed": 405,
    "length_required": 411,
    "too_large": 413,
    # The contract's own number for a content type that it does not know.
    "unsupported_content_type": 418,
    "too_many_requests": 429,
    "broken": 500,
}


class Refused(Exception):
    """Say why a call is not answered: a code of `STATUSES`, and a sentence."""

    def __init__(self, code: str, says: str, **headers: str) -> None:
        super().__init__(says)
        self.code = code
        self.says = says
        self.headers = headers


def refusal(code: str, says: str, **headers: str) -> JsonResponse:
    """Shape an answer that says no. Words of a header's name are joined by underscores."""
    status = STATUSES[code]
    told = {"status": status, "error": code, "message": says}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return JsonResponse(told, status=status, headers=named)


def not_found() -> JsonResponse:
    """Say that there is nothing here, or nothing for this program: one answer."""
    return refusal("not_found", "There is no such thing here, or not for this program.")


def not_understood() -> JsonResponse:
    """Say that a request could not be read as one."""
    return refusal("illegal_argument", "This request cannot be read.")


def broken(request: HttpRequest) -> JsonResponse:
    """Say that something of ours broke, with a number that the log has too, and nothing else."""
    number = secrets.token_hex(4)
    request.request_id = number
    return refusal("broken", f"Something went wrong on our side (number {number}). Try again.")
