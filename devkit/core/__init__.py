"""The base of all other packages: paths, errors, output, processes, Git, uv, files."""
