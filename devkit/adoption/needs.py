"""What a project needs, in whichever file it says so: one value for every form."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name


@dataclass(frozen=True)
class Needs:
    """The requirements of a project, and the folders of this repository among them.

    `paths` are folders that are installed with it, relative to the root, and the place of each;
    `outside` are those that are not in the repository, as they are written. `pins` are lines of
    a constraints file; `found` has the place of each field.
    """

    dependencies: tuple[str, ...] = ()
    dev: tuple[str, ...] = ()
    requires_python: str = ""
    paths: Mapping[str, str] = field(default_factory=dict)
    outside: Mapping[str, str] = field(default_factory=dict)
    pins: tuple[str, ...] = ()
    found: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def names(self) -> set[str]:
        """The normalized names of the packages that are needed to run."""
        return {name_of(text) for text in self.dependencies}

    def __bool__(self) -> bool:
        return bool(self.dependencies or self.dev or self.paths)

    def plus(self, other: "Needs") -> "Needs":
        """Both together; of a package in both, the requirement of this one counts."""
        names = self.names
        return replace(
            self,
            dependencies=(
                *self.dependencies,
                *(text for text in other.dependencies if name_of(text) not in names),
            ),
            dev=unique((*self.dev, *other.dev)),
            requires_python=self.requires_python or other.requires_python,
            paths={**other.paths, **self.paths},
            outside={**other.outside, **self.outside},
            pins=self.pins or other.pins,
            found={**other.found, **self.found},
            notes=unique((*self.notes, *other.notes)),
        )


def name_of(requirement: str) -> str:
    """The normalized name of the package in a requirement; the text itself if it is none."""
    try:
        return canonicalize_name(Requirement(requirement).name)
    except InvalidRequirement:
        return requirement


def is_valid(requirement: str) -> bool:
    """Whether this is a requirement as pip and uv read it (PEP 508)."""
    try:
        Requirement(requirement)
    except InvalidRequirement:
        return False
    return True


def unique(texts: Iterable[str]) -> tuple[str, ...]:
    """The texts without repetition, in their order."""
    return tuple(dict.fromkeys(texts))
