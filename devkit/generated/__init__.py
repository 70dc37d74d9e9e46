"""Files that are written from the registry: for editors and deployments."""
