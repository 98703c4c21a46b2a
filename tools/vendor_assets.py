"""Copy the front-end assets that the pages need out of two unpacked npm packages.

Usage: python tools/vendor_assets.py USWDS_PACKAGE_FOLDER HTMX_PACKAGE_FOLDER
See src/rollbook/web/static/vendor/VENDOR.md for the versions in use and how to update them.
"""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

VENDOR = Path(__file__).resolve().parent.parent / "src/rollbook/web/static/vendor"

# The weights that our pages set type in; a browser makes do with these for the others.
FONTS = (
    "source-sans-pro/sourcesanspro-regular-webfont.woff2",
    "source-sans-pro/sourcesanspro-italic-webfont.woff2",
    "source-sans-pro/sourcesanspro-bold-webfont.woff2",
    "source-sans-pro/sourcesanspro-bolditalic-webfont.woff2",
    "merriweather/Latin-Merriweather-Regular.woff2",
    "merriweather/Latin-Merriweather-Bold.woff2",
    "roboto-mono/roboto-mono-v5-latin-regular.woff2",
)
# A photograph behind a banner that no page of ours has.
UNUSED_IMAGES = ("../img/hero.jpg",)
SCRIPTS = ("uswds.min.js", "uswds-init.min.js")
# Drawn by templates, so no style sheet names them.
IMAGES_IN_PAGES = ("img/sprite.svg", "img/us_flag_small.png", "img/usa-icons/close.svg")


def main(uswds: Path, htmx: Path) -> None:
    """Fill the vendor folder anew."""
    for old in ("uswds", "htmx"):
        shutil.rmtree(VENDOR / old, ignore_errors=True)
    style = pruned((uswds / "dist/css/uswds.min.css").read_text(encoding="utf-8"))
    keep_text(VENDOR / "uswds/css/uswds.min.css", style)
    for name in SCRIPTS:
        script = (uswds / "dist/js" / name).read_text(encoding="utf-8")
        keep_text(VENDOR / "uswds/js" / name, without_map(script))
    named = {match.removeprefix("../") for match in re.findall(r"url\((\.\./[^)]+)\)", style)}
    for path in sorted(named | set(IMAGES_IN_PAGES)):
        copy(uswds / "dist" / path, VENDOR / "uswds" / path)
    copy(uswds / "LICENSE.md", VENDOR / "uswds/LICENSE.md")
    copy(htmx / "dist/htmx.min.js", VENDOR / "htmx/htmx.min.js")
    copy(htmx / "LICENSE", VENDOR / "htmx/LICENSE")


def pruned(style: str) -> str:
    """Drop the fonts and pictures that are not copied, so that every url() leads somewhere."""

    def kept(rule: re.Match[str]) -> str:
        return rule[0] if any(font in rule[0] for font in FONTS) else ""

    style = re.sub(r"@font-face\{[^}]*\}", kept, style)
    for image in UNUSED_IMAGES:
        style = style.replace(f"url({image})", "none")
    return without_map(style)


def without_map(text: str) -> str:
    """Drop the pointer to a source map that is not copied."""
    return re.sub(r"(/\*# sourceMappingURL=\S+ \*/|//# sourceMappingURL=\S+)\s*$", "", text)


def keep_text(path: Path, text: str) -> None:
    """Write a text file and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text.rstrip() + "\n", encoding="utf-8")


def copy(source: Path, target: Path) -> None:
    """Copy one file and make the folders above it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
