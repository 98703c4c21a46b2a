"""The one Django app."""

from __future__ import annotations

from django.apps import AppConfig


class RollbookConfig(AppConfig):
    """Name the app whose tables, migrations and templates are all of Rollbook's."""

    name = "rollbook"
    label = "rollbook"
    verbose_name = "Rollbook"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Connect the reactions once all models are loaded."""
        from rollbook.config import reactions  # models must be loaded first

        reactions.connect()
