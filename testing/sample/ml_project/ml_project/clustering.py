"""Clusters the penguins by the length of their flippers."""

import humanize
import pandas as pd

NUMBERED_BY = "flipper_length_mm"


def cluster(penguins: pd.DataFrame, n_clusters: int) -> pd.DataFrame:
    """Drop penguins that lack a measurement, and number the clusters from the shortest flippers."""
    complete = penguins.dropna().reset_index(drop=True)
    numbers = pd.qcut(complete[NUMBERED_BY].astype("float64"), n_clusters, labels=False)
    return complete.assign(cluster=numbers.astype("int64"))


def described(table: pd.DataFrame) -> str:
    """The number of penguins, in words."""
    return f"{humanize.intword(len(table))} penguins"
