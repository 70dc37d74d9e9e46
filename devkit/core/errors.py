"""The error that the user can fix, and hints for failed downloads and installations.

Standard library only, in syntax that old Pythons understand: `bootstrap` needs it.
"""

import errno
import os
import re
from pathlib import Path
from typing import Optional

from devkit.core.paths import shown

# Patterns in the output of pip, venv, uv and the programs that they run, and the hint for each. The
# first match wins, so the most certain come first: a full disk also looks like a failed download,
# and a refused key like a missing network.
HINTS = (
    (
        r"No space left on device|database or disk is full|os error (28|122)\b|Disk quota exceeded",
        "The disk is full: free some space (`uv cache clean` may help), then run the command "
        "again.",
    ),
    (
        r"THESE PACKAGES DO NOT MATCH THE HASHES|Hash mismatch",
        "Hash mismatch: a downloaded package is not the one in the lock. Nothing was installed. "
        "Find out who changed the package index before you change the lock.",
    ),
    (
        r"ssh: connect to host|ssh: Could not resolve hostname",
        "No network: the Git server of a dependency can't be reached: check its address.",
    ),
    (
        r"\(publickey|Host key verification failed|Could not read from remote repository"
        r"|could not read Username|Authentication failed for|terminal prompts disabled",
        "Git may not read the repository of a dependency: check your key or token, and that the "
        "server is known: `git ls-remote URL` has to work.",
    ),
    (
        r"invalid peer certificate|UnknownIssuer|certificate.verify.failed|self.signed certificate"
        r"|unable to get local issuer certificate|certificate (has )?expired",
        "The certificate of the server is not trusted: name your certificate authority's file in "
        "SSL_CERT_FILE and PIP_CERT.",
    ),
    (
        r"\b407\b|Proxy Authentication Required",
        "The proxy asks for a password: put user and password into the address in HTTPS_PROXY.",
    ),
    (
        r"\b(401 Unauthorized|403 Forbidden)|\b40[13] Client Error|HTTP error 40[13]\b",
        "The package index refuses the credentials: check those in its address, in .netrc, or in "
        "UV_INDEX_NAME_USERNAME and UV_INDEX_NAME_PASSWORD.",
    ),
    (
        r"python-build-standalone",
        "No Python could be downloaded: install one that `requires-python` allows, or set "
        "UV_PYTHON_INSTALL_MIRROR.",
    ),
    (
        r"No interpreter found|No Python at|Python downloads are",
        "No Python that `requires-python` allows is installed, and none may be downloaded: install "
        "one, or set UV_PYTHON_DOWNLOADS=automatic.",
    ),
    (
        r"\b404 (Not Found|Client Error)|HTTP error 404\b",
        "The package index does not have it: check the address of the index, and whether the "
        "version was removed.",
    ),
    (
        r"\b(429|50[0-4]) (Too Many|Internal|Not Impl|Bad Gateway|Service|Gateway|Server Error)",
        "The package index has a problem of its own: run the command again later.",
    ),
    (
        r"pg_config|mysql_config|Python\.h|fatal error: \S+\.h\b|No CMAKE_C\w*_COMPILER"
        r"|linker .?cc.? not found|can't find Rust compiler"
        r"|(command|execute|directory:) '?\S*?(gcc|cc|[gc]\+\+|clang|cmake|cargo|rustc)\b",
        "A package has to be compiled, and what it needs is missing: install a compiler and its "
        "headers (on Debian and Ubuntu: `build-essential`, for pg_config `libpq-dev`), or choose "
        "a version that has a wheel.",
    ),
    (
        r"ensurepip is not|No module named '?(venv|ensurepip)",
        "This Python has no venv module: install it (on Debian and Ubuntu: "
        "`sudo apt install python3-venv`), then run the command again.",
    ),
    (
        r"os error 30\b|Read-only file system",
        "The file system is read-only: use another place for the checkout or for UV_CACHE_DIR.",
    ),
    (
        r"Permission denied|os error (1|13)\b|Operation not permitted",
        "Permission denied: check who owns the checkout and the cache folder.",
    ),
    (
        r"dns error|failed to lookup address|Name or service not known|nodename nor servname"
        r"|Temporary failure in name resolution|No address associated|Could not resolve host",
        "No network: the name of the package index is not known. Connect, or check the address of "
        "your proxy and mirror, then run the command again.",
    ),
    (
        r"error sending request|NewConnectionError|Failed to establish a new connection"
        r"|Connection refused|Connection reset|Network is unreachable|No route to host"
        r"|tunnel error|Could not connect|timed out|Max retries exceeded",
        "No network: the package index can't be reached. Connect (or set your proxy or mirror), "
        "then run the command again.",
    ),
    (
        r"(was|were) yanked",
        "A version was withdrawn from the package index: `invoke lock --team TEAM --package NAME` "
        "chooses another.",
    ),
)
CAUSE_MARK = re.compile(r"^(cause|caused by): *", re.IGNORECASE)
CAUSE = re.compile(CAUSE_MARK.pattern + r"|^(\w*error|fatal)\b", re.IGNORECASE)
LONGEST_CAUSE = 200  # characters


class DevkitError(Exception):
    """An error that the user can fix: what is wrong, expected and found, and what fixes it.

    `cli` prints it without a traceback and exits with 1.
    """

    def __init__(
        self,
        what: str,
        *,
        expected: Optional[str] = None,
        found: Optional[str] = None,
        fix: Optional[str] = None,
    ) -> None:
        details = {"expected": expected, "found": found, "fix": fix}
        lines = ["  {:<10}{}".format(label + ":", text) for label, text in details.items() if text]
        super().__init__("\n".join([what, *lines]))
        self.what = what
        self.fix = fix


# What the user can do about an error of the operating system.
OS_FIXES = {
    errno.EACCES: "check its owner and permissions: `ls -ld {}`",
    errno.EPERM: "check its owner and permissions: `ls -ld {}`",
    errno.EISDIR: "replace the folder {} by a file",
    errno.ENOTDIR: "check what is a file in {} and should be a folder",
    errno.EROFS: "use a checkout that can be written",
    errno.ENOSPC: "free some space (`uv cache clean` may help)",
    errno.EDQUOT: "free some space (`uv cache clean` may help)",
}


# What a command reports in one message, and of one team as that team's result.
FIXABLE = (DevkitError, OSError)


def fixable(error: Exception) -> DevkitError:
    """One of FIXABLE as a DevkitError: for the operating system's, with the file if known."""
    if isinstance(error, DevkitError):
        return error
    if not isinstance(error, OSError) or error.filename is None:
        return DevkitError(str(error))
    file = shown(Path(os.fsdecode(error.filename)))
    if error.errno == errno.ENOENT:
        return DevkitError("{} not found".format(file), fix="create {}".format(file))
    fix = OS_FIXES.get(error.errno or 0, "").format(file)
    return DevkitError("{} can't be used: {}".format(file, error.strerror), fix=fix)


def hint_for(output: str) -> Optional[str]:
    """The likely cause of a failed pip, venv or uv and its fix, in one line; None if unknown.

    `output` is what the program printed.
    """
    for pattern, sentence in HINTS:
        if re.search(pattern, output, re.IGNORECASE):
            return sentence
    return None


def explained(output: str) -> Optional[str]:
    """The hint for a failure, and in a second line what the program itself gave as its cause.

    So a hint that is wrong hides nothing. None if there is no hint.
    """
    hint = hint_for(output)
    return hint and "{}\n  {:<10}{}".format(hint, "found:", cause_in(output))


def cause_in(output: str) -> str:
    """The last cause that a program printed, its last error, or else its last line."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    marked = [line for line in lines if CAUSE.match(line)] or lines[-1:]
    return CAUSE_MARK.sub("", marked[-1])[:LONGEST_CAUSE] if marked else ""
