"""What everything else stands on: paths, errors, output, processes, git."""
