"""Seal the secrets of outside systems, so that a stolen database does not hold them."""

from __future__ import annotations

import base64
import binascii
import json
import os
from collections.abc import Mapping, Sequence
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_MARK: Final = "s1."  # the first way of sealing
_PURPOSE: Final = b"rollbook secrets of sources"
_NONCE_BYTES: Final = 12  # NIST SP 800-38D, 8.2


class SealIsBroken(Exception):
    """Say that sealed text cannot be opened: another key, or somebody changed it."""


def seal(value: Mapping[str, str], keys: Sequence[str]) -> str:
    """Seal named texts with the first of the keys.

    Shape:  printable text, another each time; nothing in it tells what is inside but its length.
    Raises: ValueError without a key.
    """
    if not keys or not keys[0]:
        raise ValueError("sealing needs a key")
    nonce = os.urandom(_NONCE_BYTES)
    plain = json.dumps(dict(value), sort_keys=True, ensure_ascii=False).encode()
    sealed = _cipher(keys[0]).encrypt(nonce, plain, _MARK.encode())
    return _MARK + base64.urlsafe_b64encode(nonce + sealed).decode()


def unseal(text: str, keys: Sequence[str]) -> dict[str, str]:
    """Open what was sealed with any of the keys, so that a key can be changed.

    Shape:  {} for blank text: nothing was sealed.
    Raises: SealIsBroken.
    """
    if not text:
        return {}
    if not text.startswith(_MARK):
        raise SealIsBroken
    try:
        raw = base64.b64decode(text[len(_MARK) :].encode(), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError):
        raise SealIsBroken from None
    for key in keys:
        plain = _opened(raw, key)
        if plain is not None:
            return plain
    raise SealIsBroken


def _opened(raw: bytes, key: str) -> dict[str, str] | None:
    if not key:
        return None
    try:
        plain = _cipher(key).decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], _MARK.encode())
    except (InvalidTag, ValueError):
        return None
    found: dict[str, Any] = json.loads(plain)
    return {str(name): str(value) for name, value in found.items()}


def _cipher(key: str) -> AESGCM:
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=_PURPOSE)
    return AESGCM(derived.derive(key.encode()))
