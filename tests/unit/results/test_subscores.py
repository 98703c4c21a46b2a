from __future__ import annotations

import pytest

from rollbook.results.checks.run import check_results
from rollbook.results.sources.reading import read_sources
from tests.factories.result_files import results_csv, scores_csv, trt_xml, zipped


def score(code: str) -> str:
    return f'<Score measureOf="{code}" measureLabel="PerformanceLevel" value="2"/>'


@pytest.mark.parametrize(
    ("subject", "codes", "kinds"),
    [
        ("ELA", ["SOCK_R", "2-W"], ["claim", "claim"]),
        ("ELPAC", ["1", "1-L"], ["alternate", "claim"]),
        ("Art", ["Score1"], ["claim"]),
    ],
)
def test_the_subject_says_what_a_code_of_xml_is(
    subject: str, codes: list[str], kinds: list[str]
) -> None:
    document = trt_xml(scores="".join(map(score, codes))).decode()
    document = document.replace('subject="ELA"', f'subject="{subject}"')
    result = check_results(read_sources([("a.xml", document.encode())]))
    assert result.subscores.get_column("code").to_list() == codes
    assert result.subscores.get_column("score_type").to_list() == kinds


def test_scores_stay_with_the_result_of_their_own_package() -> None:
    later = {"StatusDate": "2026-06-01T00:00:00Z"}
    packages = [
        ("a.zip", zipped({"results.csv": results_csv(), "scores.csv": scores_csv()})),
        (
            "b.zip",
            zipped(
                {
                    "results.csv": results_csv(later),
                    "scores.csv": scores_csv({"PerformanceLevel": "3"}),
                }
            ),
        ),
    ]
    result = check_results(read_sources(packages))
    assert [finding.code for finding in result.report] == ["RES-402"]
    assert result.subscores.get_column("performance_level").to_list() == [3]
