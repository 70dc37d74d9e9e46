"""The registry, `workspace.yaml`: reads it into `Team` values, and edits it."""
