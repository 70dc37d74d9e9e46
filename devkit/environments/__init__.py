"""Projects, their locks, and the virtual environments that are built from these."""
