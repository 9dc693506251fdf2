"""The six families of error, and `Awaiting`, which is none.

An error carries a stable `code` and parameters, never a sentence: the code is also the text key and the heading in
`docs/reference/errors.md`; the sentence is made at the edge in the reader's language.
"""

from typing import ClassVar

Param = str | int | float | bool | None


class CsirtError(Exception):
    """Root of all our errors. `code` is stable; `params` hold codes, names and numbers, never personal data."""

    http: ClassVar[int] = 500
    exit_code: ClassVar[int] = 70

    def __init__(self, code: str, /, **params: Param) -> None:
        """Keep the code and its parameters; the message is for logs only."""
        self.code = code
        self.params = params
        detail = ", ".join(f"{name}={value!r}" for name, value in params.items())
        super().__init__(f"{code}({detail})" if detail else code)


class Invalid(CsirtError):
    """Input that cannot be understood; names file, line and field where they are known."""

    http = 422
    exit_code = 2


class Forbidden(CsirtError):
    """This actor may not do this."""

    http = 403
    exit_code = 3


class NotSignedIn(Forbidden):
    """Nobody is signed in, or the session has ended."""

    http = 401


class StepUpNeeded(Forbidden):
    """They may do this once they prove again who they are."""


class NotFound(CsirtError):
    """There is no such thing, or this actor may not know that there is."""

    http = 404
    exit_code = 4


class Conflict(CsirtError):
    """Someone was faster; the caller reads again and decides anew."""

    http = 409
    exit_code = 5


class AlreadyAnswered(Conflict):
    """The assignment has its answer; `params` name the step, not the person."""


class LeaseLost(Conflict):
    """Another worker took the run over; this one must stop writing."""


class Unavailable(CsirtError):
    """Something outside is down. A retry helps, unless `permanent`."""

    http = 503
    exit_code = 6

    def __init__(self, code: str, /, *, permanent: bool = False, **params: Param) -> None:
        """`permanent` says that trying again the same way cannot help."""
        self.permanent = permanent
        super().__init__(code, **params)


class DirectoryUnavailable(Unavailable):
    """No directory server answered in time."""


class DeliveryFailed(Unavailable):
    """A channel did not take a message; `reply` is the outside system's code, such as `550`."""

    def __init__(
        self, code: str, /, *, permanent: bool = False, reply: str = "", is_down: bool = False, **params: Param
    ) -> None:
        """`reply` is kept for the record; it holds a code, never a sentence. `is_down`: the way itself failed."""
        self.reply = reply
        self.is_down = is_down
        super().__init__(code, permanent=permanent, reply=reply, **params)


class Untrusted(CsirtError):
    """Our own record is wrong: stop and call an administrator, never retry."""


class LedgerBroken(Untrusted):
    """A stored entry does not verify; `seq` names the first bad one."""


class PlaybookDrift(Untrusted):
    """The code of a playbook no longer fits what its run has recorded."""


class UnrecordedChange(Untrusted):
    """A commit would have changed state without an entry in the record."""


class Awaiting(BaseException):
    """A branch of a playbook rests until a fact arrives. No error, so that `except Exception` cannot swallow it."""

    def __init__(self, *steps: str) -> None:
        """`steps` are the keys that the branch waits for."""
        self.steps = steps
        super().__init__(", ".join(steps))
