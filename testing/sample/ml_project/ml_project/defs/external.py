"""The assets of other teams that the ml team depends on."""

import dagster as dg

# The columns that this team needs; `invoke check` compares them with those that analytics declares.
PENGUIN_COLUMNS = dg.TableSchema(
    columns=[
        dg.TableColumn("species", "string", "Adelie, Chinstrap or Gentoo"),
        dg.TableColumn("bill_length_mm", "float64", "Length of the bill in millimeters"),
        dg.TableColumn("bill_depth_mm", "float64", "Depth of the bill in millimeters"),
        dg.TableColumn("flipper_length_mm", "Int64", "Length of a flipper in millimeters"),
        dg.TableColumn("body_mass_g", "Int64", "Body mass in grams"),
    ]
)

penguins = dg.AssetSpec(
    "penguins",
    description="The Palmer penguins. Produced by the analytics team.",
    metadata={"dagster/column_schema": PENGUIN_COLUMNS},
)
