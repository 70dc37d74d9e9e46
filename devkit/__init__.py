"""DagTeam: several data teams, one repository, one Dagster deployment."""

__version__ = "0.3.0"
