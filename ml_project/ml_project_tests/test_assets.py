"""The asset penguin_cluster, materialized by Dagster from a table like that of analytics."""

import base64
from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd
import pytest
from pydantic import ValidationError

from ml_project.definitions import defs
from ml_project.defs.assets import CLUSTER_COLUMNS, penguin_cluster

PICTURE_BYTES = 60_000


def run(**config: int) -> Any:
    job = defs().resolve_job_def("cluster_penguins")
    return job.execute_in_process(run_config=dg.RunConfig({"penguin_cluster": {"config": config}}))


def test_the_job_stores_the_clusters_with_metadata(store: Path) -> None:
    result = run()
    (event,) = result.asset_materializations_for_node("penguin_cluster")
    metadata = {key: found.value for key, found in event.metadata.items()}
    assert metadata["dagster/row_count"] == 342
    assert metadata["dagster/column_schema"] == CLUSTER_COLUMNS
    assert metadata["cluster_sizes"] == {"0": 132, "1": 87, "2": 123}
    assert metadata["silhouette_score"] == pytest.approx(0.4472, abs=1e-4)
    assert metadata["inertia"] == pytest.approx(379.39, abs=0.01)
    assert len(pd.read_parquet(store / "penguin_cluster.parquet")) == 342


@pytest.mark.usefixtures("store")
def test_the_plot_is_a_small_png() -> None:
    (event,) = run().asset_materializations_for_node("penguin_cluster")
    markdown = event.metadata["scatter_plot"].value
    assert len(markdown) < PICTURE_BYTES
    content = markdown.removeprefix("![Clusters of penguins](data:image/png;base64,")
    png = base64.b64decode(content.removesuffix(")"), validate=True)
    assert png.startswith(b"\x89PNG\r\n") and png.endswith(b"IEND\xaeB`\x82")


@pytest.mark.usefixtures("store")
def test_config_sets_the_number_of_clusters() -> None:
    (event,) = run(n_clusters=2).asset_materializations_for_node("penguin_cluster")
    assert event.metadata["cluster_sizes"].value == {"0": 219, "1": 123}


@pytest.mark.parametrize("config", [{"n_clusters": 1}, {"n_clusters": 11}, {"random_state": -1}])
def test_config_out_of_bounds_is_an_error(store: Path, config: dict[str, int]) -> None:
    with pytest.raises(ValidationError) as caught:
        run(**config)
    assert next(iter(config)) in str(caught.value)
    assert not (store / "penguin_cluster.parquet").exists()


def test_missing_penguins_are_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGTEAM_STORE", str(tmp_path))
    with pytest.raises(dg.Failure, match="The asset penguins has not been materialized yet"):
        run()


def test_the_asset_has_its_group_kinds_columns_and_dependency() -> None:
    spec = penguin_cluster.get_asset_spec()
    assert (spec.group_name, spec.kinds) == ("ml", {"sklearn"})
    assert spec.metadata["dagster/column_schema"] == CLUSTER_COLUMNS
    assert [dependency.asset_key for dependency in spec.deps] == [dg.AssetKey("penguins")]
