"""KMeans over the penguins' measurements."""

from dataclasses import dataclass

import dagster as dg
import numpy as np
import pandas as pd
from sklearn.cluster import KMeans
from sklearn.metrics import silhouette_score
from sklearn.preprocessing import StandardScaler

MEASUREMENTS = ["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"]

# The clusters are numbered by it: of the measurements, it tells the species apart best.
NUMBERED_BY = MEASUREMENTS.index("flipper_length_mm")


@dataclass(frozen=True)
class Clusters:
    """Penguins with their cluster, and how good the clusters are."""

    table: pd.DataFrame
    silhouette: float  # -1 to 1: how much nearer a penguin is to its own cluster than to the next
    inertia: float  # sum of squared distances to the centres, in standard deviations


def cluster(penguins: pd.DataFrame, *, n_clusters: int, random_state: int) -> Clusters:
    """Drop penguins that lack a measurement and give each other one a cluster, numbered from 0.

    The same input gives the same output: both the seed and the number of starts are fixed.
    Raises dg.Failure if there are too few different penguins.
    """
    complete = penguins.dropna(subset=MEASUREMENTS).reset_index(drop=True)
    different = len(complete[MEASUREMENTS].drop_duplicates())
    if different <= n_clusters:
        raise dg.Failure(
            f"The penguins cannot be clustered. Expected: more than n_clusters={n_clusters}"
            f" different penguins with all of {', '.join(MEASUREMENTS)}. Found: {different} in"
            f" {len(penguins)} rows. Lower n_clusters in the config, or look at the penguins."
        )
    standardised = StandardScaler().fit_transform(complete[MEASUREMENTS].astype("float64"))
    model = KMeans(n_clusters, n_init=10, random_state=random_state).fit(standardised)
    # KMeans numbers its clusters by chance: number them by what they are.
    number = np.argsort(np.argsort(model.cluster_centers_[:, NUMBERED_BY]))
    return Clusters(
        table=complete.assign(cluster=number[model.labels_].astype("int64")),
        silhouette=float(silhouette_score(standardised, model.labels_)),
        inertia=float(model.inertia_),
    )
