"""Every table declares the personal data it holds, and the migrations are the models."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState
from django.db.models import Model

MODELS = list(apps.get_app_config("rollbook").get_models())


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_model_declares_its_personal_data(model: type[Model]) -> None:
    declared = vars(model).get("personal_data")
    assert isinstance(declared, frozenset), (
        "say which fields hold personal data: an empty set is fine"
    )
    fields = {field.name for field in model._meta.get_fields()}
    assert declared - fields == frozenset()


def test_models_live_in_the_models_file_of_a_folder() -> None:
    assert [model.__module__ for model in MODELS if ".models" not in model.__module__] == []


def test_no_migration_is_missing() -> None:
    loader = MigrationLoader(None)
    detector = MigrationAutodetector(loader.project_state(), ProjectState.from_apps(apps))
    assert detector.changes(graph=loader.graph).get("rollbook", []) == []


def test_there_is_one_migration_history() -> None:
    loader = MigrationLoader(None)
    assert len(loader.graph.leaf_nodes("rollbook")) == 1
