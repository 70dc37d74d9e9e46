"""What the ml team reads and other teams make."""

import dagster as dg

# The columns this team relies on, in the types that analytics declares: `invoke check` compares.
PENGUIN_COLUMNS = dg.TableSchema(
    columns=[
        dg.TableColumn("species", "string", "Adelie, Chinstrap or Gentoo"),
        dg.TableColumn("bill_length_mm", "float64", "Length of the bill in millimetres"),
        dg.TableColumn("bill_depth_mm", "float64", "Depth of the bill in millimetres"),
        dg.TableColumn("flipper_length_mm", "Int64", "Length of a flipper in millimetres"),
        dg.TableColumn("body_mass_g", "Int64", "Body mass in grams"),
    ]
)

penguins = dg.AssetSpec(
    "penguins",
    description="The Palmer penguins. Made by the analytics team.",
    metadata={"dagster/column_schema": PENGUIN_COLUMNS},
)
