"""A new team's files, names and place in the registry; and how a team is removed."""
