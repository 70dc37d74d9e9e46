"""What teams define: manifests, how they are loaded and cached, what a change affects."""
