"""The IO manager for tables that teams exchange: a Parquet file for each asset or partition.

A pickle written by one version of pandas can't be read by another; Parquet can, and keeps the types
of columns. See https://docs.dagster.io/guides/build/io-managers/defining-a-custom-io-manager
"""

import io
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import dagster as dg
from pydantic import Field

from utils.tables import Table

if TYPE_CHECKING:
    from upath import UPath

STORE_VARIABLE = "DAGTEAM_STORE"

# Segments of a partition key that would lead out of the asset's folder.
ESCAPED = {"": "%2F", ".": "%2E", "..": "%2E%2E"}


class ParquetStore(dg.UPathIOManager):
    """Stores pandas DataFrames as Parquet files, in a folder or at a URL that fsspec knows."""

    extension = ".parquet"

    def handle_output(self, context: dg.OutputContext, obj: object) -> None:
        """Store a table; None, from an asset without a table, is not stored.

        Raises:
            dg.Failure: for any other value.
        """
        import pandas as pd

        if obj is None:
            context.log.debug("%s returned None: no table is stored.", _name(context))
            return
        if not isinstance(obj, pd.DataFrame):
            raise dg.Failure(
                f"{_name(context)} cannot be stored as a table."
                f" Expected: a pandas.DataFrame. Found: {_type(obj)}."
                " Return a DataFrame (a Series has .to_frame(), polars and Arrow have .to_pandas())"
                " or name another IO manager of the team in the asset's io_manager_key."
            )
        super().handle_output(context, obj)

    def dump_to_path(
        self,
        context: dg.OutputContext,  # noqa: ARG002 (the base class passes it)
        obj: Table,
        path: "UPath",
    ) -> None:
        """Write a table atomically: a reader sees the old table or the new one."""
        content = io.BytesIO()
        obj.to_parquet(content, engine="pyarrow")
        if _is_local(path):
            _replace(Path(path.path), content.getbuffer())
        else:
            path.write_bytes(content.getvalue())  # an object appears once its upload is complete

    def load_input(self, context: dg.InputContext) -> Any:
        """Load a table; for several partitions, a dictionary of tables by partition key.

        Raises:
            dg.Failure: if it has not been materialized.
        """
        try:
            return super().load_input(context)
        except FileNotFoundError as missing:
            raise dg.Failure(
                f"{_name(context)} has not been materialized yet. Expected: a table at {missing}."
                " Found: nothing. Materialize it in the UI, or in the folder and the environment of"
                f" the team that produces it: {_command(context)}"
            ) from missing

    def load_from_path(
        self,
        context: dg.InputContext,  # noqa: ARG002 (the base class passes it)
        path: "UPath",
    ) -> Table:
        """Read one table.

        Raises:
            FileNotFoundError: if it does not exist, as UPathIOManager expects.
        """
        import pandas as pd

        try:
            file = path.open("rb")
        except FileNotFoundError:
            raise FileNotFoundError(str(path)) from None
        # Not by its path: Arrow would open it twice, and it may be replaced in between.
        with file:
            return pd.read_parquet(file, engine="pyarrow")

    def get_path_for_partition(
        self,
        context: dg.InputContext | dg.OutputContext,  # noqa: ARG002 (the base class passes it)
        path: "UPath",
        partition: str,
    ) -> "UPath":
        """The file of a partition without its extension, the same in every version of Dagster.

        Dagster 1.12 and 1.13 differ for keys such as "/a" and "..", and teams share the store.
        """
        return path.joinpath(*(ESCAPED.get(segment, segment) for segment in partition.split("/")))


class ParquetIOManager(dg.ConfigurableIOManagerFactory[ParquetStore]):
    """Stores assets as Parquet in the store of all teams; see ParquetStore."""

    base_path: str | None = Field(
        default=None,
        description="Absolute folder, or URL such as s3://bucket/tables. Not given: the environment"
        f" variable {STORE_VARIABLE}; if that is not set either, the instance's storage folder.",
    )

    def create_io_manager(self, context: dg.InitResourceContext) -> ParquetStore:
        """Locate the store.

        Raises:
            dg.Failure: if its path is relative.
        """
        from upath import UPath

        chosen = self.base_path or os.environ.get(STORE_VARIABLE)
        if not chosen:
            if context.instance is None:
                raise dg.Failure(f"No Dagster instance to store tables in: set {STORE_VARIABLE}.")
            chosen = context.instance.storage_directory()
        # No shell has expanded a `~` from a `.env`.
        base = UPath(Path(chosen).expanduser() if chosen.startswith("~") else chosen)
        if _is_local(base) and not base.is_absolute():
            # Each team's code runs in its own folder, so teams would not find each other's tables.
            raise dg.Failure(
                f"The store of tables ({STORE_VARIABLE} or base_path) must be the same place for"
                f" every team. Expected: an absolute path or a URL. Found: {chosen}"
            )
        return ParquetStore(base)


def _is_local(path: "UPath") -> bool:
    return path.protocol in ("", "file", "local")


def _replace(path: Path, content: memoryview) -> None:
    # Not tempfile: only the owner can read its files, and another team may run as another user.
    unfinished = path.with_name(f".{uuid4().hex}.tmp")
    try:
        unfinished.write_bytes(content)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _name(context: dg.InputContext | dg.OutputContext) -> str:
    if context.has_asset_key:
        return f"The asset {context.asset_key.to_user_string()}"
    return f"The output {'/'.join(context.get_identifier())}"


def _command(context: dg.InputContext) -> str:
    if not context.has_asset_key:
        return "run the job from its beginning"
    command = f"dagster asset materialize --select {context.asset_key.to_user_string()}"
    if not context.has_asset_partitions:
        return command
    keys = context.asset_partition_keys
    return f"{command} --partition {keys[0] if len(keys) == 1 else '<key>'}"


def _type(value: object) -> str:
    return f"{type(value).__module__}.{type(value).__qualname__}"
