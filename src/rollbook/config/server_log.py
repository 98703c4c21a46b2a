"""gunicorn's own log, in the same lines as the rest."""

from __future__ import annotations

from typing import Any

from gunicorn.glogging import Logger

from rollbook.config.logs import Line


class ServerLog(Logger):
    """Write what gunicorn says without the words of any exception."""

    def setup(self, cfg: Any) -> None:
        """Set the logs up as gunicorn does, then change how a line is written."""
        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.setFormatter(Line())
