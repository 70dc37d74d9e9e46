"""Generates files from the registry, for editors and deployments."""
