"""The team's definitions: Dagster finds those of every module in this folder by itself."""
