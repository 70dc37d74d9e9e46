"""The supported Python versions: the one place that lists them.

To support another one, edit this file, then run `invoke derive` (it writes the versions wherever
a file repeats them, see `generated/pythons.py`) and `invoke lock`. Standard library only, in syntax
that old Pythons understand: `bootstrap` needs it.
"""

SUPPORTED = ("3.11", "3.12", "3.13", "3.14")

# What a team may have that allows none of these: the kit itself never runs in it.
TEAMS = ("3.9", "3.10") + SUPPORTED

# The version in images and in the dev container.
DEPLOYED = "3.13"

OLDEST = SUPPORTED[0]
NEWEST = SUPPORTED[-1]
TEAMS_OLDEST = TEAMS[0]


def as_tuple(version: str) -> tuple:  # type: ignore[type-arg] # tuple[int] is too new
    """`(3, 11)` for `3.11`."""
    return tuple(int(part) for part in version.split("."))


def requires_python() -> str:
    """The supported versions as a specifier (PEP 440)."""
    major, minor = as_tuple(NEWEST)
    return ">={},<{}.{}".format(OLDEST, major, minor + 1)
