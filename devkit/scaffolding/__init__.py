"""Creates teams: their names, files and registry entries; and removes them."""
