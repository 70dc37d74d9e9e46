"""What to say, and to do, about a base that a checkout can't be compared with."""

import re
from collections.abc import Iterable

from devkit.core.errors import DevkitError


def error(base: str, *, shallow: bool, remotes: Iterable[str]) -> DevkitError:
    """The error for a base that is not found, with the command that fetches it, if there is one."""
    branch = re.split(r"[~^:]|@\{", base.removeprefix("refs/remotes/"))[0]
    remote = next((name for name in remotes if branch.startswith(f"{name}/")), None)
    what = ["--unshallow"] if shallow else []
    if remote:  # with the refspec: the clone of a single branch is configured to fetch only that
        branch = branch.removeprefix(f"{remote}/")
        what.append(f"{remote} {branch}:refs/remotes/{remote}/{branch}")
    return DevkitError(
        f"revision {base!r} not found",
        expected="a branch, tag or commit of this repository",
        found=f"no such commit in this {'shallow clone' if shallow else 'checkout'}",
        fix=f"`git fetch {' '.join(what)}`" if what else "choose one from `git branch --all`",
    )


def note(base: str, *, shallow: bool) -> str:
    """The note for a base and a HEAD without a common ancestor."""
    doubt = f"so this compares with {base} itself and may list too many teams"
    if shallow:
        return (
            f"the merge base with {base} is not in this shallow clone, {doubt}: "
            "`git fetch --unshallow` fetches the rest"
        )
    return f"{base} and HEAD have no common history, {doubt}: choose another with `--base`"
