"""The documentation is true: its commands run, its links have targets, its messages exist.

The shell blocks of a page are run here, in order, in a copy of the repository, except those with
a comment above them: `run by tests/...`, or `not run: ` with the reason. A block with the comment
`file: PATH` is saved there.
"""

import ast
import os
import re
from pathlib import Path

import pytest
from invoke.collection import Collection
from invoke.parser.context import ParserContext

import tasks
from devkit.core.paths import ROOT
from testing.doc_runner import follow, run_block
from testing.markdown import SHELLS, Block, Page, messages, pages, symptoms, words
from testing.sandbox import GIT_SETTINGS
from testing.support import Checkout, run

PAGES = {page.name: page for page in pages()}
SHELL_BLOCKS = [
    block for page in PAGES.values() for block in page.blocks if block.language in SHELLS
]
RUN_HERE = sorted({block.page for block in SHELL_BLOCKS if not block.marking})
ELSEWHERE = [block for block in SHELL_BLOCKS if block.marking.startswith("run by ")]
TROUBLES = PAGES["docs/troubleshooting.md"]


@pytest.fixture(scope="module")
def begun(copy: Checkout) -> Checkout:
    """A copy, ready to run; every page starts at the same commit."""
    git(copy, "tag", "begun")
    return copy


def code_of(test: Path) -> ast.Module:
    """A module without its comments and docstrings, which run nothing."""
    tree = ast.parse(test.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        for name in ("body", "orelse", "finalbody"):
            if isinstance(statements := getattr(node, name, None), list):
                kept = [one for one in statements if not _is_text(one)]
                setattr(node, name, kept or [ast.Pass()])
    return tree


def _is_text(statement: ast.AST) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def strings(code: ast.Module) -> set[str]:
    """The string literals in a module."""
    nodes = (node.value for node in ast.walk(code) if isinstance(node, ast.Constant))
    return {value for value in nodes if isinstance(value, str)}


def git(copy: Checkout, *arguments: str) -> str:
    done = run(["git", *arguments], copy.root, GIT_SETTINGS)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("page", RUN_HERE)
def test_the_commands_of_a_page_work_word_for_word(
    begun: Checkout, tmp_path: Path, page: str
) -> None:
    git(begun, "checkout", "--quiet", "--force", "--detach", "begun")
    git(begun, "clean", "--quiet", "--force", "-d")
    follow(PAGES[page], begun, tmp_path)


@pytest.mark.parametrize("block", SHELL_BLOCKS, ids=lambda block: f"{block.page}:{block.line}")
def test_every_block_is_run_or_gives_a_reason(block: Block) -> None:
    assert re.fullmatch(r"|run by tests/[\w/]+\.py|not run: .+", block.marking)


@pytest.mark.parametrize("block", ELSEWHERE, ids=lambda block: f"{block.page}:{block.line}")
def test_blocks_that_another_test_runs_are_in_that_test(block: Block) -> None:
    """The test names the page that it reads, or has each command, as a line or as arguments.

    A new team is called newcomer there, since a repository may have a team finance.
    """
    assert_runs(code_of(ROOT / block.marking.removeprefix("run by ")), block)


def assert_runs(code: ast.Module, block: Block) -> None:
    name = Path(block.page).name
    if not any(string == name or string.endswith(f"/{name}") for string in strings(code)):
        text = ast.unparse(code).replace("newcomer", "finance")
        for command in block.commands:
            arguments = "', '".join(command.split()[1:])
            assert command in text or f"'{arguments}'" in text, command


def test_a_test_that_only_mentions_a_page_and_its_command_does_not_run_it(tmp_path: Path) -> None:
    block = Block("docs/some.md", 1, "bash", "", "invoke lock --check\n")
    test = tmp_path / "test_it.py"
    test.write_text(
        '"""See docs/some.md"""\n\ndef test_it():\n    "`invoke lock --check`"\n', encoding="utf-8"
    )
    with pytest.raises(AssertionError, match="invoke lock --check"):
        assert_runs(code_of(test), block)
    test.write_text('def test_it():\n    tasks("lock", "--check")\n', encoding="utf-8")
    assert_runs(code_of(test), block)


def test_a_command_that_fails_fails_its_block(begun: Checkout) -> None:
    """Also in the middle of the block."""
    block = Block("x.md", 1, "bash", "", "true\nfalse\ntrue\n")
    assert run_block(block, begun, os.environ["PATH"]).returncode == 1


@pytest.mark.parametrize("page", PAGES)
def test_commands_and_their_options_exist(page: str) -> None:
    known = {
        name: ParserContext(name, args=task.get_arguments())
        for name, task in Collection.from_module(tasks).tasks.items()
    }
    for command in PAGES[page].commands:
        name, options = words(command)
        assert name in known, command
        flags = {*known[name].flags, *known[name].inverse_flags}
        assert set(options) <= flags, command


@pytest.mark.parametrize("page", PAGES)
def test_links_have_targets(page: str) -> None:
    listed = run(["git", "ls-files", "-co", "--exclude-standard"], ROOT).stdout.splitlines()
    for link in PAGES[page].links:
        if re.match(r"https?:", link):
            continue
        target, _, anchor = link.partition("#")
        name = os.path.normpath(Path(page).parent / target) if target else page
        assert any(file == name or file.startswith(f"{name}/") for file in listed), link
        assert not anchor or anchor in PAGES[name].anchors, link


def test_every_page_is_linked_from_another() -> None:
    linked = {
        os.path.normpath(Path(page.name).parent / link.partition("#")[0])
        for page in PAGES.values()
        for link in page.links
    }
    assert PAGES.keys() - linked <= {"README.md"}


def test_every_picture_is_shown_on_a_page() -> None:
    shown = {Path(link).name for page in PAGES.values() for link in page.links}
    assert {file.name for file in (ROOT / "docs" / "pictures").iterdir()} <= shown


@pytest.mark.parametrize("symptom", symptoms(TROUBLES))
def test_every_message_in_troubleshooting_is_in_the_code(symptom: str) -> None:
    known = messages(ROOT / "devkit", ROOT / "utils" / "utils")
    assert any(symptom in text for text in known)


def test_page_finds_blocks_anchors_links_and_commands(tmp_path: Path) -> None:
    page = Page(str(tmp_path / "page.md"))
    page.file.write_text(
        "# A `b` c\n\n<!-- not run: no -->\n```bash\ninvoke dev --x\n```\n\n"
        "[here](other.md#b) `invoke test\n--kit`\n\n| `invoke check --team ml` | `--json` |\n"
    )
    (block,) = page.blocks
    assert (block.line, block.language, block.marking) == (4, "bash", "not run: no")
    assert page.anchors == {"a-b-c"}
    assert page.links == ["other.md#b"]
    assert list(page.commands) == [
        "invoke dev --x",
        "invoke test --kit",
        "invoke check --team ml",
        "invoke check --team ml --json",
    ]
    assert words("invoke exec --team ml -- x --y") == ("exec", ["--team"])
