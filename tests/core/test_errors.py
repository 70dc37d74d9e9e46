"""Errors: their text, and hints for the output of pip, venv and uv.

The outputs are quoted from real failures of these tools.
"""

import pytest

from devkit.core.errors import DevkitError, hint_for

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
        ("[Errno 30] Read-only file system: '/srv'", "Permission denied: check who owns"),
    ],
)
def test_hint_for_a_known_failure_is_one_line(output: str, sentence: str) -> None:
    hint = hint_for(output) or ""
    assert hint.startswith(sentence)
    assert "\n" not in hint


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
