"""The ml team's code location."""
