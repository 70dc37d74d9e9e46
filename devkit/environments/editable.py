"""How the repository's own projects are installed in editable form: as a folder on the path.

By default, setuptools installs a hook that imports ask last. A folder of the same name where
Dagster is started, such as `utils/` in the root for the package in `utils/utils/`, would be found
before; and editors do not ask it at all. Its other mode is like that of all other backends. See
https://setuptools.pypa.io/en/latest/userguide/development_mode.html
"""

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from devkit.core import pyproject
from devkit.core.errors import FIXABLE

SETUPTOOLS = "setuptools.build_meta"  # also what is used where no backend is named


def flags(folders: Iterable[Path]) -> list[str]:
    """The options of uv for the projects in some folders."""
    found = []
    for folder in folders:
        with suppress(*FIXABLE):  # the backend says what is wrong
            project = pyproject.read(folder)
            system = project.document.get("build-system", {})
            if project.is_package and system.get("build-backend", SETUPTOOLS) == SETUPTOOLS:
                named = "name" in project.project  # uv does not know another name before it builds
                option = f"config-settings-package={project.name}:" if named else "config-setting="
                found.append(f"--{option}editable_mode=compat")
    return list(dict.fromkeys(found))
