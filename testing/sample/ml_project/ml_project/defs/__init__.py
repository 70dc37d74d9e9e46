"""The team's definitions: Dagster loads every module in this folder."""
