"""A plot of the clusters, in a form that Dagster's UI can show."""

import base64
import io

import pandas as pd

# Not pyplot: it keeps every figure in a global list and looks for a display.
from matplotlib.figure import Figure

MARKERS = "osD^vPX*"


def as_markdown(clusters: pd.DataFrame) -> str:
    """A scatter plot as a Markdown image with an embedded PNG, about 45 kB.

    The color shows the cluster, the shape the species. It is stored with each materialization.
    """
    content = base64.b64encode(scatter_png(clusters)).decode("ascii")
    return f"![Clusters of penguins](data:image/png;base64,{content})"


def scatter_png(clusters: pd.DataFrame) -> bytes:
    """Bill length (mm) over flipper length (mm), as a PNG."""
    figure = Figure(figsize=(6, 4), dpi=80, layout="constrained")
    axes = figure.subplots()
    species = sorted(clusters["species"].dropna().unique())
    for (number, name), group in clusters.groupby(["cluster", "species"], sort=True):
        axes.scatter(
            group["flipper_length_mm"].astype("float64"),
            group["bill_length_mm"],
            color=f"C{number}",
            marker=MARKERS[species.index(name) % len(MARKERS)],
            s=18,
            alpha=0.8,
            label=f"{number}: {name} ({len(group)})",
        )
    axes.set(xlabel="flipper length (mm)", ylabel="bill length (mm)")
    axes.legend(title="cluster: species", fontsize="small")
    content = io.BytesIO()
    figure.savefig(content, format="png")
    return content.getvalue()
