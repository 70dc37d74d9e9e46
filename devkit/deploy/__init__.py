"""What deployments are told of the teams: files that are derived from the registry."""
