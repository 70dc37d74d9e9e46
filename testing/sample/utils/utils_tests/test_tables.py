"""The metadata of tables, with every team's pandas."""

import pandas as pd

from utils import table_metadata


def test_metadata_has_the_number_of_rows() -> None:
    assert table_metadata(pd.DataFrame({"mass": range(7)}))["dagster/row_count"] == 7
