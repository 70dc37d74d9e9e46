"""Errors: their text, and hints for the output of pip, venv and uv.

The outputs are quoted from real failures of these tools.
"""

import pytest

from devkit.core.errors import DevkitError, explained, hint_for

NO_NETWORK_OF_UV = """\
error: Request failed after 3 retries in 9.9s
  cause: Failed to fetch: http://127.0.0.1:9/simple/iniconfig/
  cause: error sending request for url (http://127.0.0.1:9/simple/iniconfig/)
  cause: client error (Connect)
  cause: tcp connect error
  cause: Connection refused (os error 111)
"""
NO_NETWORK_OF_PIP = """\
WARNING: Retrying (Retry(total=0, connect=None, read=None, redirect=None, status=None)) after
connection broken by 'NewConnectionError('<pip._vendor.urllib3.connection.HTTPConnection object>:
Failed to establish a new connection: [Errno 111] Connection refused')': /simple/uv/
ERROR: Could not find a version that satisfies the requirement uv==0.13.9 (from versions: none)
"""
HASH_OF_UV = "error: Failed to download `tiny==1.0`\n  cause: Hash mismatch for `tiny==1.0`\n"
HASH_OF_PIP = "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.\n"
FULL_FOR_UV = "error: failed to copy file\n  cause: No space left on device (os error 28)\n"
FULL_FOR_PIP = (
    "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device"
)
FULL_DOWNLOAD = f"error: Failed to fetch: `tiny`\n{FULL_FOR_UV}"
NO_VENV = """\
The virtual environment was not created successfully because ensurepip is not
available.  On Debian/Ubuntu systems, you need to install the python3-venv package.
"""

DOWNLOAD = "error: Failed to download `tiny==1.0`\n  cause: Failed to fetch: http://h/tiny.whl\n"
STATUS = DOWNLOAD + "  cause: HTTP status client error ({}) for url (http://h/tiny.whl)\n"
DNS = """\
error: Failed to fetch: http://nowhere.invalid/simple/tiny/
  cause: error sending request for url (http://nowhere.invalid/simple/tiny/)
  cause: client error (Connect)
  cause: dns error
  cause: failed to lookup address information: Name or service not known
"""
GIT = """\
error: Failed to download and build `tiny @ git+ssh://git@example.invalid/x.git`
  cause: Git operation failed
  cause: process didn't exit successfully: `/usr/bin/git fetch --force ...` (exit status: 128)
         --- stderr
         {}
         fatal: Could not read from remote repository.

         Please make sure you have the correct access rights
         and the repository exists.
"""
CERTIFICATE = """\
error: Failed to fetch: https://127.0.0.1:9/simple/tiny/
  cause: error sending request for url (https://127.0.0.1:9/simple/tiny/)
  cause: client error (Connect)
  cause: invalid peer certificate: UnknownIssuer
"""
CERTIFICATE_OF_PIP = (
    "ERROR: Could not install: HTTPSConnectionPool(host='h', port=443): Max retries exceeded "
    "(Caused by SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] certificate "
    "verify failed: self-signed certificate (_ssl.c:1006)')))"
)
PROXY_OF_PIP = (
    "ERROR: Max retries exceeded with url: /simple/uv/ (Caused by ProxyError('Cannot connect to "
    "proxy.', OSError('Tunnel connection failed: 407 Proxy Authentication Required')))"
)
NO_PYTHON = """\
error: No interpreter found for Python >=3.11, <3.13 in managed installations or search path
hint: A managed Python download is available, but Python downloads are set to 'never'
"""
PYTHON_DOWNLOAD = """\
error: Failed to install cpython-3.12.1-linux-x86_64-gnu
  cause: Request failed after 3 retries
  cause: Failed to download https://example.com/python-build-standalone/releases/download/1/x.tar.gz
  cause: error sending request for url (https://example.com/python-build-standalone/x.tar.gz)
  cause: dns error
"""
COMPILER = """\
error: Failed to build `tiny==1.0`
  cause: The build backend returned an error
  cause: Call to `setuptools.build_meta.build_wheel` failed (exit status: 1)
         [stderr]
         error: command 'x86_64-linux-gnu-gcc' failed: No such file or directory
"""
PG_CONFIG = "Error: pg_config executable not found.\n"


@pytest.mark.parametrize(
    ("output", "sentence"),
    [
        (NO_NETWORK_OF_UV, "No network"),
        (NO_NETWORK_OF_PIP, "No network"),
        (HASH_OF_UV, "Hash mismatch: a downloaded package is not the one in the lock"),
        (HASH_OF_PIP, "Hash mismatch: a downloaded package is not the one in the lock"),
        (FULL_FOR_UV, "The disk is full"),
        (FULL_FOR_PIP, "The disk is full"),
        (NO_VENV, "This Python has no venv module"),
        ("No module named 'ensurepip'", "This Python has no venv module"),
        ("[Errno 13] Permission denied: '/srv/.venv-tools'", "Permission denied: check who owns"),
        ("[Errno 30] Read-only file system: '/srv'", "The file system is read-only"),
        (
            "error: Failed to create file\n  cause: ... (os error 30)",
            "The file system is read-only",
        ),
        (STATUS.format("401 Unauthorized"), "The package index refuses the credentials"),
        (STATUS.format("403 Forbidden"), "The package index refuses the credentials"),
        (STATUS.format("404 Not Found"), "The package index does not have it"),
        (STATUS.format("503 Service Unavailable"), "The package index has a problem of its own"),
        (STATUS.format("429 Too Many Requests"), "The package index has a problem of its own"),
        ("ERROR: HTTP error 403 while getting http://h/x", "The package index refuses"),
        (PROXY_OF_PIP, "The proxy asks for a password"),
        (DNS, "No network: the name of the package index is not known"),
        (CERTIFICATE, "The certificate of the server is not trusted"),
        (CERTIFICATE_OF_PIP, "The certificate of the server is not trusted"),
        (GIT.format("git@h: Permission denied (publickey)."), "Git may not read the repository"),
        (GIT.format("Host key verification failed."), "Git may not read the repository"),
        (GIT.format("ssh: connect to host h port 22: Connection refused"), "No network: the Git"),
        (NO_PYTHON, "No Python that `requires-python` allows is installed"),
        (PYTHON_DOWNLOAD, "No Python could be downloaded"),
        (COMPILER, "A package has to be compiled"),
        (PG_CONFIG, "A package has to be compiled"),
        ("error: [Errno 13] Permission denied: 'pg_config'", "A package has to be compiled"),
        ("fatal error: Python.h: No such file or directory", "A package has to be compiled"),
        ("because tiny==1.0 was yanked (reason: bad)", "A version was withdrawn"),
    ],
)
def test_hint_for_a_known_failure_is_one_line(output: str, sentence: str) -> None:
    hint = hint_for(output) or ""
    assert hint.startswith(sentence)
    assert "\n" not in hint


@pytest.mark.parametrize(
    ("output", "cause"),
    [
        (STATUS.format("401 Unauthorized"), "HTTP status client error (401 Unauthorized) for url"),
        (NO_NETWORK_OF_UV, "Connection refused (os error 111)"),
        (NO_NETWORK_OF_PIP, "ERROR: Could not find a version that satisfies the requirement uv"),
        (GIT.format("Host key verification failed."), "fatal: Could not read from remote"),
        (COMPILER, "error: command 'x86_64-linux-gnu-gcc' failed: No such file or directory"),
        ("[Errno 13] Permission denied: '/srv'", "[Errno 13] Permission denied: '/srv'"),
    ],
)
def test_an_explanation_has_the_programs_own_cause(output: str, cause: str) -> None:
    hint, found = (explained(output) or "").split("\n")
    assert hint == hint_for(output)
    assert found.startswith(f"  found:    {cause}")


def test_a_failed_download_alone_is_no_missing_network() -> None:
    assert hint_for(DOWNLOAD) is None
    assert explained(DOWNLOAD) is None


def test_hint_for_a_full_disk_is_not_that_for_a_failed_download() -> None:
    assert (hint_for(FULL_DOWNLOAD) or "").startswith("The disk is full")


@pytest.mark.parametrize("output", ["", "error: No solution found when resolving dependencies"])
def test_hint_for_an_unknown_failure_is_none(output: str) -> None:
    assert hint_for(output) is None


def test_error_shows_what_is_wrong_expected_and_found_and_what_fixes_it() -> None:
    error = DevkitError("no tea", expected="a pot", found="a cup", fix="invoke brew")
    assert str(error) == ("no tea\n  expected: a pot\n  found:    a cup\n  fix:      invoke brew")
    assert (error.what, error.fix) == ("no tea", "invoke brew")


def test_error_shows_only_the_details_that_it_has() -> None:
    assert str(DevkitError("no tea")) == "no tea"
    assert str(DevkitError("no tea", fix="invoke brew")) == "no tea\n  fix:      invoke brew"
