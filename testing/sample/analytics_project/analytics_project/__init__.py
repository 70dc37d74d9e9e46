"""The analytics team's code location."""
