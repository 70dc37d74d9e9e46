"""KMeans finds the known species of the penguins."""

import dagster as dg
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from ml_project.clustering import MEASUREMENTS, cluster


def composition(table: pd.DataFrame) -> dict[int, dict[str, int]]:
    counts = table.groupby("cluster")["species"].value_counts()
    return {
        number: counts[number].to_dict() for number in counts.index.get_level_values(0).unique()
    }


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_three_clusters_are_nearly_the_species(penguins: pd.DataFrame, seed: int) -> None:
    found = cluster(penguins, n_clusters=3, random_state=seed)
    # Gentoos are separated without an error; large Adelies look like Chinstraps. Every seed gives
    # these numbers, which are those of the best clustering.
    assert composition(found.table) == {
        0: {"Adelie": 127, "Chinstrap": 5},
        1: {"Chinstrap": 63, "Adelie": 24},
        2: {"Gentoo": 123},
    }
    assert found.silhouette == pytest.approx(0.4472, abs=1e-4)
    assert found.inertia == pytest.approx(379.39, abs=0.01)


def test_two_clusters_are_gentoos_and_the_others(penguins: pd.DataFrame) -> None:
    found = cluster(penguins, n_clusters=2, random_state=0)
    assert composition(found.table) == {0: {"Adelie": 151, "Chinstrap": 68}, 1: {"Gentoo": 123}}


@pytest.mark.parametrize("n_clusters", [3, 5])
def test_the_same_penguins_give_the_same_clusters(penguins: pd.DataFrame, n_clusters: int) -> None:
    first, second = (cluster(penguins, n_clusters=n_clusters, random_state=0) for _ in range(2))
    assert_frame_equal(first.table, second.table)


def test_clusters_are_numbered_by_flipper_length(penguins: pd.DataFrame) -> None:
    table = cluster(penguins, n_clusters=5, random_state=0).table
    assert table.groupby("cluster")["flipper_length_mm"].mean().is_monotonic_increasing


def test_only_penguins_that_lack_a_measurement_are_dropped(penguins: pd.DataFrame) -> None:
    table = cluster(penguins, n_clusters=3, random_state=0).table
    assert len(table) == 342
    expected = penguins.dropna(subset=MEASUREMENTS).reset_index(drop=True)
    assert_frame_equal(table.drop(columns="cluster"), expected)


@pytest.mark.parametrize(("rows", "found"), [(0, "0 in 0 rows"), (4, "3 in 4 rows")])
def test_too_few_penguins_are_an_error(penguins: pd.DataFrame, rows: int, found: str) -> None:
    with pytest.raises(dg.Failure, match=rf"more than n_clusters=3 .* Found: {found}\."):
        cluster(penguins.head(rows), n_clusters=3, random_state=0)


def test_identical_penguins_are_an_error(penguins: pd.DataFrame) -> None:
    with pytest.raises(dg.Failure, match="Found: 1 in 10 rows"):
        cluster(penguins.iloc[[0] * 10], n_clusters=3, random_state=0)
