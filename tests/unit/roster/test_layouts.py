from __future__ import annotations

import pytest

from rollbook.roster.layouts import LAYOUTS, Kind, manifest_properties


def test_each_version_has_its_files() -> None:
    assert {version: len(files) for version, files in LAYOUTS.items()} == {"1.1": 13, "1.2": 21}


def test_a_manifest_has_a_line_for_every_file() -> None:
    assert len(manifest_properties("1.2")) == 2 + 21


@pytest.mark.parametrize("version", LAYOUTS)
def test_every_file_starts_alike_and_refers_to_files_of_its_version(version: str) -> None:
    for layout in LAYOUTS[version].values():
        assert layout.header[:3] == ("sourcedId", "status", "dateLastModified")
        assert len(set(layout.header)) == len(layout.header)
        for column in layout.columns:
            assert column.refers_to is None or column.refers_to in LAYOUTS[version]
            assert bool(column.vocabulary) == (column.kind is Kind.ENUM)


def test_only_version_1_2_has_words_of_ones_own() -> None:
    extensible = {
        version: {
            f"{layout.name}.{column.name}"
            for layout in files.values()
            for column in layout.columns
            if column.is_extensible
        }
        for version, files in LAYOUTS.items()
    }
    assert extensible == {
        "1.1": set(),
        "1.2": {
            "academicSessions.type",
            "classes.classType",
            "demographics.sex",
            "enrollments.role",
            "lineItemLearningObjectiveIds.source",
            "orgs.type",
            "resources.roles",
            "resultLearningObjectiveIds.source",
            "results.scoreStatus",
            "roles.role",
        },
    }
