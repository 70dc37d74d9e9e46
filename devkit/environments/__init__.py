"""Virtual environments and the locks that they are built from."""
