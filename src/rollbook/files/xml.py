"""Read XML without letting a document do anything but be read."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from rollbook.files import checks
from rollbook.files.limits import DEFAULT, KIB, Limits
from rollbook.files.xml_prolog import plain_xml
from rollbook.shared.findings import Finding, FindingReport

# lxml ships no types: its elements and errors are Any from here on.
_etree: Any = import_module("lxml.etree")

_BLOCK = 64 * KIB
_INCLUDE = "{http://www.w3.org/2001/XInclude}"
_SHOWN = 200
_PLACE = re.compile(r", line \d+, column \d+$")
_ENTITY = re.compile(rb"&(?!(?:amp|lt|gt|quot|apos);|#)[^;<&]{0,80};?")


@dataclass(frozen=True, slots=True)
class XmlDocument:
    """Hold a document's root element, and what was wrong with it.

    Shape: `root` is an lxml element; None after a fatal finding.
    """

    name: str
    root: Any | None
    findings: FindingReport


def read_xml(source: bytes | Path, *, name: str, limits: Limits = DEFAULT) -> XmlDocument:
    """Read a document; refuse one that declares, includes, nests or grows past the limits.

    Raises: OSError when a path cannot be read.
    Source: reliability reference, "XML, ZIP, formula".
    """
    findings = FindingReport()
    root = _read(source, name, limits)
    if isinstance(root, Finding):
        findings.add(root)
        return XmlDocument(name, None, findings)
    return XmlDocument(name, root, findings)


def _read(source: bytes | Path, name: str, limits: Limits) -> Any | Finding:
    size = source.stat().st_size if isinstance(source, Path) else len(source)
    if size == 0:
        return checks.XML_EMPTY.finding(file=name)
    if size > limits.max_xml_bytes:
        return checks.XML_TOO_LARGE.finding(file=name, most=limits.max_xml_bytes)
    content = source.read_bytes() if isinstance(source, Path) else source
    content = plain_xml(content, file=name, limits=limits)
    if isinstance(content, Finding):
        return content
    return _Parsing(name, limits).root_of(content)


class _Parsing:
    """Feed a document to the parser block by block, watching how it grows."""

    def __init__(self, name: str, limits: Limits) -> None:
        self._name = name
        self._limits = limits
        self._open: list[str] = []
        self._count = 0
        self._parser = _etree.XMLPullParser(
            events=("start", "end"),
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            dtd_validation=False,
            huge_tree=False,
            recover=False,
            # They say nothing to a reader of data, and would cut a text in two.
            remove_comments=True,
            remove_pis=True,
        )

    def root_of(self, content: bytes) -> Any | Finding:
        """Return the root element, or the first thing that is wrong."""
        for start in range(0, len(content), _BLOCK):
            error = self._feed(content[start : start + _BLOCK])
            wrong = self._watch(self._parser.read_events())
            if wrong is not None or error is not None:
                return wrong or self._malformed(error, content)
        try:
            root = self._parser.close()
        except _etree.XMLSyntaxError as error:
            wrong = self._watch(self._parser.read_events())
            return wrong or self._cut_short(error, content)
        return self._watch(self._parser.read_events()) or root

    def _feed(self, block: bytes) -> Any | None:
        try:
            self._parser.feed(block)
        except _etree.XMLSyntaxError as error:
            return error
        return None

    def _watch(self, events: Iterable[tuple[str, Any]]) -> Finding | None:
        """Return the first event that goes past a limit."""
        for event, element in events:
            if event == "end":
                self._open.pop()
                wrong = self._judge_text(element)
            else:
                self._open.append(str(element.tag))
                self._count += 1
                wrong = self._judge_start(element)
            if wrong is not None:
                return wrong
        return None

    def _judge_start(self, element: Any) -> Finding | None:
        limits = self._limits
        if len(self._open) > limits.max_xml_depth:
            return self._at(checks.XML_TOO_DEEP, element, limits.max_xml_depth)
        if len(element.attrib) > limits.max_xml_attributes:
            return self._at(checks.XML_TOO_MANY_ATTRIBUTES, element, limits.max_xml_attributes)
        if self._count > limits.max_xml_elements:
            return self._at(checks.XML_TOO_MANY_ELEMENTS, element, limits.max_xml_elements)
        if self._open[-1].startswith(_INCLUDE):
            return self._at(checks.XML_INCLUSION, element, 0, value=element.get("href", ""))
        return None

    def _judge_text(self, element: Any) -> Finding | None:
        most = self._limits.max_xml_text_bytes
        if element.text is not None and len(element.text) > most:
            return self._at(checks.XML_LONG_TEXT, element, most)
        return None

    def _at(
        self, check: checks.Check, element: Any, most: int, value: str | None = None
    ) -> Finding:
        line = int(element.sourceline or 1)
        return check.finding(file=self._name, line=line, value=value, most=most)

    def _malformed(self, error: Any, content: bytes) -> Finding:
        line, at = error.position
        what = _PLACE.sub("", str(error.msg)).replace("\n", " ")
        # libxml2 gives no place for an entity nobody defined.
        if not line and (found := _ENTITY.search(content)):
            before = content[: found.start()]
            line, at = before.count(b"\n") + 1, len(before) - before.rfind(b"\n")
            what = f"the entity {found.group().decode(errors='replace')} is not defined"
        return checks.XML_NOT_WELL_FORMED.finding(
            file=self._name, line=line or 1, at=at, what=what[:_SHOWN]
        )

    def _cut_short(self, error: Any, content: bytes) -> Finding:
        if not self._open or not error.position[0]:
            return self._malformed(error, content)
        line, at = error.position
        inside = f"<{self._open[-1]}>"
        return checks.XML_TRUNCATED.finding(file=self._name, line=line, at=at, value=inside)
