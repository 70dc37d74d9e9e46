"""Storing and loading tables in real Dagster runs, with every team's environment."""

import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import dagster as dg
import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from upath import UPath

from utils import ParquetIOManager
from utils.parquet import ParquetStore

DAYS = dg.StaticPartitionsDefinition(["monday", "tuesday", "wednesday"])


def frame() -> pd.DataFrame:
    """A column of each type that teams use, with a missing value if the type allows one."""
    stamps = pd.to_datetime(["2024-02-29 12:00:00.5", None, "1999-12-31 23:59:59.123456"])
    return pd.DataFrame(
        {
            "integer": np.array([1, 2, 3], dtype="int32"),
            "nullable": pd.array([2**62 + 1, None, -1], dtype="Int64"),
            "real": [0.1, None, float("inf")],
            "flag": pd.array([True, None, False], dtype="boolean"),
            "text": ["Gentoo", None, "|ü\n🐧"],
            "string": pd.array(["", None, "x"], dtype="string"),
            "kind": pd.Categorical(["b", None, "a"], categories=["b", "a", "unused"], ordered=True),
            "naive": stamps,
            "zoned": stamps.tz_localize("UTC").tz_convert("Europe/Berlin"),
            "lasting": pd.to_timedelta([1, None, 3], unit="s"),
        }
    )


def store(value: Any, base: Path | str, name: str = "table", **options: Any) -> Any:
    """Materialize an asset that returns the value. Returns the run's result."""

    def table() -> Any:
        return value

    return run([dg.asset(name=name, **options)(table)], base)


def load(base: Path | str, name: str = "table") -> Any:
    """Load the table as the input of another asset, in another run."""
    seen = []

    @dg.asset(ins={"table": dg.AssetIn(name)})
    def reader(table: Any) -> None:
        seen.append(table)

    run([dg.AssetSpec(name), reader], base)
    return seen[0]


@pytest.fixture(scope="module", autouse=True)
def _one_instance() -> Iterator[None]:
    """One instance for all runs: to create its databases takes longer than a run."""
    with dg.DagsterInstance.ephemeral() as instance, pytest.MonkeyPatch.context() as patch:
        patch.setattr(dg, "materialize", partial(dg.materialize, instance=instance))
        yield


def run(assets: list[Any], base: Path | str, **options: Any) -> Any:
    resources = {"io_manager": ParquetIOManager(base_path=str(base))}
    selection = [asset for asset in assets if isinstance(asset, dg.AssetsDefinition)]
    return dg.materialize(assets, selection=selection, resources=resources, **options)


@pytest.fixture(params=[str, Path.as_uri, lambda _: f"memory://{uuid4().hex}/deep"])
def base(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A new store: a folder, the URL of a folder, an object store."""
    return str(request.param(tmp_path / "new" / "store"))


def test_a_table_is_loaded_unchanged(base: str) -> None:
    store(frame(), base)
    assert_frame_equal(load(base), frame())


def test_an_empty_table_keeps_its_types(base: str) -> None:
    empty = frame().head(0)
    store(empty, base)
    loaded = load(base)
    assert_frame_equal(loaded.drop(columns="kind"), empty.drop(columns="kind"))
    # Parquet stores categories with the rows that have them: the type is kept, the list is not.
    assert loaded["kind"].dtype == pd.CategoricalDtype([], ordered=True)


def test_an_index_is_kept(tmp_path: Path) -> None:
    table = frame().set_index("integer")
    store(table, tmp_path)
    assert_frame_equal(load(tmp_path), table)


def test_the_file_is_named_after_the_asset(tmp_path: Path) -> None:
    result = store(frame(), tmp_path, name="table", key_prefix="team")
    assert [path.name for path in (tmp_path / "team").iterdir()] == ["table.parquet"]
    (event,) = result.asset_materializations_for_node("team__table")
    assert event.metadata["path"].value == str(tmp_path / "team" / "table.parquet")


def test_each_partition_is_a_file_and_several_load_as_a_dictionary(base: str) -> None:
    seen: dict[str, Any] = {}

    @dg.asset(partitions_def=DAYS)
    def daily(context: dg.AssetExecutionContext) -> Any:
        return pd.DataFrame({"day": [context.partition_key]})

    @dg.asset(partitions_def=DAYS)
    def same_day(daily: Any) -> None:
        seen["one"] = daily

    @dg.asset(ins={"daily": dg.AssetIn(metadata={"allow_missing_partitions": True})})
    def week_so_far(daily: Any) -> None:
        seen["all"] = daily

    for day in ("monday", "tuesday"):
        run([daily, same_day], base, partition_key=day)
        assert_frame_equal(seen["one"], pd.DataFrame({"day": [day]}))
    run([daily.to_source_asset(), week_so_far], base)
    assert {day: list(table["day"]) for day, table in seen["all"].items()} == {
        "monday": ["monday"],
        "tuesday": ["tuesday"],
    }


def test_no_partition_key_leads_out_of_the_folder(tmp_path: Path) -> None:
    keys = ["../outside", "/absolute", "a/b", "..", "v1.5"]

    @dg.asset(partitions_def=dg.StaticPartitionsDefinition(keys))
    def table() -> Any:
        return frame()

    for key in keys:
        run([table], tmp_path, partition_key=key)
    assert {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.parquet")} == {
        "table/%2E%2E/outside.parquet",
        "table/%2F/absolute.parquet",
        "table/a/b.parquet",
        "table/%2E%2E.parquet",
        "table/v1.5.parquet",
    }


@pytest.mark.parametrize(
    ("value", "found"),
    [([1, 2], "builtins.list"), (pd.Series([1]), r"pandas\.[\w.]*Series"), (0, "builtins.int")],
)
def test_a_value_that_is_not_a_table_is_an_error(tmp_path: Path, value: object, found: str) -> None:
    expected = (
        rf"^The asset table cannot be stored.* Expected: a pandas\.DataFrame\. Found: {found}\."
    )
    with pytest.raises(dg.Failure, match=expected):
        store(value, tmp_path)
    assert list(tmp_path.iterdir()) == []


def nothing() -> None:
    """An asset that stores its data elsewhere."""


def nothing_unannotated():  # type: ignore[no-untyped-def]
    """The same, without annotations."""


def result_unannotated():  # type: ignore[no-untyped-def]
    """The same, with metadata."""
    return dg.MaterializeResult(metadata={"rows": 1})


def result() -> dg.MaterializeResult:  # type: ignore[type-arg]
    """The same, annotated."""
    return dg.MaterializeResult(metadata={"rows": 1})


@pytest.mark.parametrize("function", [nothing, nothing_unannotated, result_unannotated, result])
def test_an_asset_without_a_value_stores_nothing(
    tmp_path: Path, function: Callable[[], object]
) -> None:
    outcome = run([dg.asset(name="table")(function)], tmp_path)
    (event,) = outcome.asset_materializations_for_node("table")
    assert "path" not in event.metadata
    assert list(tmp_path.iterdir()) == []


def test_a_missing_table_is_an_error_with_the_command_that_creates_it(base: str) -> None:
    with pytest.raises(dg.Failure) as caught:
        load(base, name="penguins")
    message = str(caught.value)
    assert message.startswith("The asset penguins has not been materialized yet.")
    assert "store/penguins.parquet" in message or "deep/penguins.parquet" in message
    assert message.endswith("dagster asset materialize --select penguins")


def test_a_missing_partition_is_named(tmp_path: Path) -> None:
    @dg.asset(partitions_def=DAYS)
    def reader(daily: Any) -> None: ...

    daily = dg.AssetSpec("daily", partitions_def=DAYS)
    with pytest.raises(dg.Failure, match=r"monday\.parquet.*--partition monday$"):
        run([daily, reader], tmp_path, partition_key="monday")


def test_a_failed_write_leaves_only_the_old_table(tmp_path: Path) -> None:
    store(frame(), tmp_path)
    with pytest.raises(TypeError, match="column mixed"):
        store(pd.DataFrame({"mixed": ["a", 1, {}]}), tmp_path)
    assert_frame_equal(load(tmp_path), frame())
    (tmp_path / "blocked.parquet").mkdir()  # a folder of that name: only the final rename fails
    with pytest.raises(IsADirectoryError):
        store(frame(), tmp_path, name="blocked")
    assert {path.name for path in tmp_path.iterdir()} == {"table.parquet", "blocked.parquet"}


def test_a_reader_never_sees_a_part_of_a_table(tmp_path: Path) -> None:
    parquet, context = ParquetStore(UPath(tmp_path)), dg.build_input_context()
    tables = [pd.DataFrame({"n": np.full(size, size)}) for size in (10, 200_000)]
    store(tables[0], tmp_path)
    stopped = threading.Event()
    lengths: set[int] = set()
    errors: list[Exception] = []

    def read() -> None:
        while not stopped.is_set():
            try:
                table = parquet.load_from_path(context, UPath(tmp_path / "table.parquet"))
                lengths.add(len(table))
            except Exception as error:
                errors.append(error)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for table in tables * 4:
            store(table, tmp_path)
    finally:
        stopped.set()
        reader.join(timeout=10)
    assert not errors
    assert lengths <= {10, 200_000}


def test_permissions_follow_the_umask(tmp_path: Path) -> None:
    store(frame(), tmp_path)
    (tmp_path / "plain").touch()
    modes = {path.stat().st_mode for path in tmp_path.iterdir()}
    assert len(modes) == 1


def test_the_environment_sets_the_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGTEAM_STORE", str(tmp_path))
    dg.materialize([dg.asset(name="table")(frame)], resources={"io_manager": ParquetIOManager()})
    assert (tmp_path / "table.parquet").exists()


@pytest.mark.parametrize("variable", [None, ""])
def test_the_default_store_is_the_instance_s_own(
    variable: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DAGTEAM_STORE", raising=False)
    if variable is not None:
        monkeypatch.setenv("DAGTEAM_STORE", variable)
    with dg.DagsterInstance.ephemeral(tempdir=str(tmp_path)) as instance:
        dg.materialize(
            [dg.asset(name="table")(frame)],
            resources={"io_manager": ParquetIOManager()},
            instance=instance,
        )
        assert (Path(instance.storage_directory()) / "table.parquet").exists()


def test_a_relative_store_is_an_error() -> None:
    with pytest.raises(dg.DagsterError) as caught:
        store(frame(), "tables")
    assert isinstance(caught.value.__cause__, dg.Failure)
    assert str(caught.value.__cause__).endswith("an absolute path or a URL. Found: tables")
