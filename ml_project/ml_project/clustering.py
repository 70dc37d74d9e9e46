"""Clusters the penguins by their measurements, with KMeans."""

from dataclasses import dataclass

import dagster as dg
import numpy as np
import pandas as pd
from sklearn.cluster import KMeans
from sklearn.metrics import silhouette_score
from sklearn.preprocessing import StandardScaler

MEASUREMENTS = ["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"]

# Clusters are numbered by this measurement, which distinguishes the species best.
NUMBERED_BY = MEASUREMENTS.index("flipper_length_mm")


@dataclass(frozen=True)
class Clusters:
    """Penguins with their cluster, and the quality of the clusters."""

    table: pd.DataFrame
    silhouette: float  # -1 to 1: how much nearer a penguin is to its own cluster than to the next
    inertia: float  # sum of squared distances to the centers, in standard deviations


def cluster(penguins: pd.DataFrame, *, n_clusters: int, random_state: int) -> Clusters:
    """Drop penguins that lack a measurement, and assign each other one to a cluster, from 0.

    The same input gives the same output: the seed and the number of starts are fixed.

    Raises:
        dg.Failure: if there are too few distinct penguins.
    """
    complete = penguins.dropna(subset=MEASUREMENTS).reset_index(drop=True)
    different = len(complete[MEASUREMENTS].drop_duplicates())
    if different <= n_clusters:
        raise dg.Failure(
            f"The penguins cannot be clustered. Expected: more than n_clusters={n_clusters}"
            f" different penguins with all of {', '.join(MEASUREMENTS)}. Found: {different} in"
            f" {len(penguins)} rows. Lower n_clusters in the config, or look at the penguins."
        )
    standardized = StandardScaler().fit_transform(complete[MEASUREMENTS].astype("float64"))
    model = KMeans(n_clusters, n_init=10, random_state=random_state).fit(standardized)
    # KMeans numbers its clusters at random: renumber them by their measurements.
    number = np.argsort(np.argsort(model.cluster_centers_[:, NUMBERED_BY]))
    return Clusters(
        table=complete.assign(cluster=number[model.labels_].astype("int64")),
        silhouette=float(silhouette_score(standardized, model.labels_)),
        inertia=float(model.inertia_),
    )
