"""What is kept in git holds for everybody, not only on the machine where it was written."""

from __future__ import annotations

import re
from pathlib import Path

from tests.house.code import PACKAGE, ROOT, kept_files, shown, source_files

# Written in two halves, so that this file does not hold what it looks for.
REGISTRIES = [
    left + right
    for left, right in [
        ("pypi", ".org"),
        ("pypi.python", ".org"),
        ("files.python", "hosted.org"),
        ("registry.npm", "js.org"),
        ("registry.yarn", "pkg.com"),
        ("proxy.go", "lang.org"),
        ("cr", "ates.io"),
        ("anaconda", ".org"),
    ]
]
HOMES = re.compile(r"(?<![\w.}/-])/(?:work|root|home/\w+|Users/\w+|mnt/\w+)/")
TEXT = {
    ".py",
    ".md",
    ".toml",
    ".cfg",
    ".txt",
    ".html",
    ".css",
    ".js",
    ".json",
    ".lock",
    ".sh",
    ".yml",
    "",
}
VENDORED = PACKAGE / "web/static/vendor"
SILENCED = re.compile(r"#\s*(?:noqa|type:\s*ignore|pyright:\s*ignore|ruff:\s*noqa)")
REASONED = re.compile(r"#\s*(?:noqa|type:\s*ignore|pyright:\s*ignore)[^#]*#\s*\w+|--\s*\w+")
SKIPPED = re.compile(r"pytest\.(?:mark\.(?:skip|xfail)|skip\()|@unittest\.skip")


def _text_files() -> list[Path]:
    return [
        path
        for path in kept_files()
        if path.suffix in TEXT and not path.is_relative_to(VENDORED) and path.name != "LICENSE"
    ]


def test_no_file_names_a_package_registry() -> None:
    named: list[str] = []
    for path in _text_files():
        text = path.read_text(encoding="utf-8", errors="replace")
        named += [f"{shown(path)}: {host}" for host in REGISTRIES if host in text]
    assert named == []


def test_no_file_names_a_folder_of_one_machine() -> None:
    named: list[str] = []
    for path in _text_files():
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), start=1):
            if HOMES.search(line) or str(ROOT) in line:
                named.append(f"{shown(path)}:{number}")
    assert named == []


def test_the_lock_names_no_place_to_download_from() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    assert re.findall(r"\S+://\S+|--(?:index|extra-index|find-links)\S*", lock) == []
    pinned = re.findall(r"^[A-Za-z0-9][\w.\-]*(?:\[[\w,]+\])?==", lock, flags=re.MULTILINE)
    assert len(pinned) > 40
    assert lock.count("--hash=sha256:") >= len(pinned)


def test_every_dependency_says_why() -> None:
    lines = (ROOT / "pyproject.toml").read_text().splitlines()
    listed = [line for line in lines if re.match(r'^    "[a-z][\w.-]*(\[[\w,]+\])?[<>=]', line)]
    assert len(listed) > 20
    assert [line for line in listed if not re.search(r"#\s*\S+ \S+", line)] == []


def test_silenced_warnings_give_a_reason() -> None:
    silent: list[str] = []
    for path in source_files():
        lines = path.read_text().splitlines()
        for number, line in enumerate(lines, start=1):
            above = lines[max(number - 2, 0)].strip()
            if SILENCED.search(line) and not REASONED.search(line) and not above.startswith("#"):
                silent.append(f"{shown(path)}:{number}: {line.strip()}")
    assert silent == []


def test_skips_give_a_reason() -> None:
    silent: list[str] = []
    for path in kept_files():
        if (
            not path.is_relative_to(ROOT / "tests")
            or path.suffix != ".py"
            or path == Path(__file__)
        ):
            continue
        lines = path.read_text().splitlines()
        for number, line in enumerate(lines, start=1):
            near = " ".join(lines[number - 1 : number + 4])
            if SKIPPED.search(line) and not re.search(r"reason=|skip\(\s*f?[\"']", near):
                silent.append(f"{shown(path)}:{number}")
    assert silent == []


def test_nothing_promises_instead_of_doing() -> None:
    promise = re.compile(r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b|coming " r"soon")
    assert [
        f"{shown(path)}:{number}"
        for path in _text_files()
        if path.suffix in {".py", ".md", ".html", ".js", ".css"}
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), start=1)
        if promise.search(line)
    ] == []


def test_vendored_assets_stay_small_and_complete() -> None:
    files = [path for path in VENDORED.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 2_000_000
    assert [path.name for path in files if path.suffix == ".map"] == []
    style = VENDORED / "uswds/css/uswds.min.css"
    lost = [
        named
        for named in set(re.findall(r"url\(([^)\"]+)\)", style.read_text()))
        if not (style.parent / named).exists()
    ]
    assert lost == []
