"""Let `python -m rollbook.cli` be the `rollbook` command."""

from __future__ import annotations

from rollbook.cli.main import main

if __name__ == "__main__":
    main()
