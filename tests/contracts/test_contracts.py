"""Every contract has a code, and every code a section in the documentation with a true example."""

import ast
import inspect
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from devkit import contracts
from devkit.contracts.snapshot import Snapshot
from devkit.core.paths import ROOT
from devkit.registry.team import Team
from testing.contracts import Case, load, universe, write

DOCS = (ROOT / "docs/contracts.md").read_text(encoding="utf-8")
SECTION = re.compile(r"^### `(?P<code>[a-z-]+)`\n(?P<text>.*?)(?=^##|\Z)", re.MULTILINE | re.DOTALL)
EXAMPLE = re.compile(r"^```python\n# (?P<team>\w+)\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL)


def promised() -> list[str]:
    """The codes that begin the docstrings of the contracts."""
    texts = [inspect.getdoc(contract) or "" for contract in contracts.CONTRACTS]
    return [code for text in texts for code in re.findall(r"`([a-z-]+)`", text.partition(":")[0])]


def emitted() -> Iterator[str]:
    """The codes in the source: the first item of a finding, or of a tuple for one."""
    for file in (ROOT / "devkit/contracts").glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            first: ast.expr | None = None
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Finding":
                first = node.args[0]
            elif isinstance(node, ast.Yield) and isinstance(node.value, ast.Tuple):
                first = node.value.elts[0]
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield first.value


def sections() -> dict[str, str]:
    return {found["code"]: found["text"] for found in SECTION.finditer(DOCS)}


def examples() -> dict[str, Case]:
    """The examples of each section that has any, by the contract's code."""
    found = {
        code: Case({one["team"]: one["code"] for one in EXAMPLE.finditer(text)})
        for code, text in sections().items()
    }
    return {code: case for code, case in found.items() if case.teams}


def external() -> Case:
    """The documentation's declaration of an external asset, and another team that depends on it."""
    (example,) = re.findall(r"^```python\n(orders = .*?)^```$", DOCS, re.MULTILINE | re.DOTALL)
    consumer = "@dg.asset(deps=['orders'])\ndef forecast() -> None: ..."
    return Case({"analytics": example, "ml": consumer})


def test_code_belongs_to_one_contract() -> None:
    codes = promised()
    assert len(set(codes)) == len(codes)
    assert sorted(set(emitted())) == sorted(codes)
    assert all(
        re.match("`[a-z-]+`", inspect.getdoc(contract) or "") for contract in contracts.CONTRACTS
    )


def test_every_contract_is_listed() -> None:
    modules = [inspect.getmodule(contract) for contract in contracts.CONTRACTS]
    public = {
        function
        for module in modules
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if not name.startswith("_")
        and [*inspect.signature(function).parameters] == ["snapshot"]
        and function.__module__.startswith("devkit.contracts.")
    }
    assert public == set(contracts.CONTRACTS)


def test_documentation_has_a_section_for_each_code() -> None:
    assert sorted(sections()) == sorted(promised())
    assert DOCS.count("### ") == len(promised())


@pytest.mark.parametrize("code", sections())
def test_section_has_a_fix(code: str) -> None:
    assert "\nFix: " in sections()[code]


def test_example_violates_only_its_own_contract(teams: Mapping[str, Team], tmp_path: Path) -> None:
    whole = {code: one for code, one in examples().items() if "dg.Definitions(" in str(one.teams)}
    parts = {code.replace("-", "_"): one for code, one in examples().items() if code not in whole}
    parts["external"] = external()
    assert whole
    assert len(parts) > len(whole)
    found = Counter(
        finding.code for finding in contracts.broken(universe(teams, tmp_path / "parts", parts))
    )
    for code, one in whole.items():
        (example,) = one.teams.values()
        text = f"import dagster as dg\n\n{example}"
        team = write(teams["ml"], tmp_path / code, "ml", {"definitions.py": text})
        found.update(finding.code for finding in contracts.broken(load({"ml": team})))
    assert found == Counter([*examples()])


def test_empty_snapshot_has_no_findings() -> None:
    assert contracts.broken(Snapshot((), ())) == []
