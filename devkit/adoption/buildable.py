"""Whether a project can be installed from its folder: its build backend has to find its package."""

from typing import Any

from devkit.adoption.model import below
from devkit.adoption.tree import Tree

# Folders that setuptools leaves out by itself when it looks for packages.
NEVER_PACKAGES = {
    "tests", "test", "docs", "doc", "examples", "example", "scripts", "tools", "build", "dist",
    "benchmark", "benchmarks", "ci", "bin", "conftest", "tasks", "site", "node_modules", "util",
    "utils", "python", "requirements", "exercise", "exercises", "htmlcov", "changelog", "images",
    "fabfile", "_build", "debian",
}  # fmt: skip


def fault(tree: Tree, folder: str, document: dict[str, Any], name: str) -> str | None:
    """Why a project can't be installed; None if it can, or needs not be (it has no backend)."""
    backend = document.get("build-system", {}).get("build-backend", "")
    tool = document.get("tool", {})
    if tool.get("uv", {}).get("package") is False:
        return None
    usual = name.replace("-", "_").replace(".", "_")
    if "poetry" in backend:
        settings = tool.get("poetry", {})
        if settings.get("package-mode") is False:
            return "Poetry does not build it (package-mode = false)"
        if not settings.get("packages") and not _has_package(tree, folder, usual):
            return f"Poetry finds no package {usual}"
        return None
    if "hatchling" in backend:
        settings = tool.get("hatch", {}).get("build", {})
        told = settings.get("targets", {}).get("wheel") or settings
        is_told = {"packages", "only-include", "include", "force-include", "bypass-selection"}
        if not is_told & set(told) and not _has_package(tree, folder, usual):
            return f"Hatch finds no package {usual}"
        return None
    if "uv_build" in backend:
        settings = tool.get("uv", {}).get("build-backend", {})
        root = below(folder, settings.get("module-root", "src")).rstrip("/")
        module = settings.get("module-name", usual)
        first = module[0] if isinstance(module, list) else module
        path = below(root, str(first).replace(".", "/"))
        return None if path in tree.folders else f"uv finds no package {path}"
    if "setuptools" in backend and not tree.has(below(folder, "setup.py")):
        told = tool.get("setuptools", {})
        if "packages" not in told and "py-modules" not in told and not _discovers(tree, folder):
            return "setuptools finds several packages and takes none"
    return None


def _has_package(tree: Tree, folder: str, name: str) -> bool:
    return any(
        below(where, name) in tree.folders or tree.has(below(where, f"{name}.py"))
        for where in (folder, below(folder, "src"))
    )


def _discovers(tree: Tree, folder: str) -> bool:
    """Whether setuptools finds packages by itself: in `src`, or the only one beside the file."""
    if below(folder, "src") in tree.folders or tree.has(below(folder, "setup.cfg")):
        return True
    prefix = "" if folder == "." else f"{folder}/"
    tops = {
        file[len(prefix) :].partition("/")[0]
        for file in tree.under(folder)
        if "/" in file[len(prefix) :]
    }
    # A folder counts with or without Python files in it, as a namespace.
    names = {top for top in tops if top.isidentifier() and not top.endswith("_tests")}
    return len(names - NEVER_PACKAGES) <= 1
