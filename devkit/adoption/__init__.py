"""Brings a repository with code locations of its own under the kit: reads it, plans, writes."""
