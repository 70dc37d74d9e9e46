"""`workspace.yaml`: read into `Team` values, and edited."""
