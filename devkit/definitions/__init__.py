"""The teams' definitions: manifests, loading, caching, and what a change affects."""
