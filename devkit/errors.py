"""The one type of error that a user can mend."""

from invoke.exceptions import Exit


class DevkitError(Exit):
    """What is wrong, what was expected, what was found, and the command that mends it.

    A subclass of invoke's `Exit`: invoke prints the message, without a traceback, and ends
    with exit code 1.
    """

    def __init__(
        self,
        what: str,
        *,
        expected: str | None = None,
        found: str | None = None,
        mend: str | None = None,
    ) -> None:
        details = {"expected": expected, "found": found, "to mend": mend}
        lines = [f"  {label + ':':<10}{text}" for label, text in details.items() if text]
        super().__init__("\n".join([what, *lines]), code=1)
        self.what = what
        self.mend = mend
