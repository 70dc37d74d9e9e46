"""The table of contents: every command, in the groups that `invoke --list` shows.

`python3 tasks.py COMMAND` needs Python and git only. `invoke COMMAND`, from any installation of
invoke, does the same: both continue inside `.venv-tools`. A command's options, help and work are
in `devkit/commands/`.
"""

# Linters of a repository that has adopted the kit have nothing to say about it.
# ruff: noqa
# fmt: off

import sys

# After the standard library, which a file next to this one could replace: a queue.py, say.
sys.path.sort(key=lambda folder: folder == __file__.rpartition("/")[0])

from devkit import bootstrap

bootstrap.enter(as_script=__name__ == "__main__")

from devkit.cli import collection
from devkit.commands.adopt import adopt
from devkit.commands.affected import affected
from devkit.commands.build import build
from devkit.commands.check import check
from devkit.commands.clean import clean
from devkit.commands.derive import derive
from devkit.commands.dev import dev
from devkit.commands.doctor import doctor
from devkit.commands.exec import execute
from devkit.commands.kit import kit
from devkit.commands.lineage import lineage
from devkit.commands.lock import lock
from devkit.commands.new_team import new_team
from devkit.commands.outdated import outdated
from devkit.commands.remove_team import remove_team
from devkit.commands.setup import setup
from devkit.commands.shell import shell
from devkit.commands.teams import teams
from devkit.commands.test import test
from devkit.commands.unadopt import unadopt
from devkit.commands.utils import utils

ns = collection(
    {
        "Every day": (dev, test, check, shell, execute, setup),
        "Teams": (teams, new_team, remove_team),
        "Across teams": (affected, lineage),
        "Dependencies": (lock, outdated, utils),
        "Repository and deployment": (build, derive, doctor, clean, adopt, kit, unadopt),
    }
)
