"""What only a web door refuses, with the HTTP status that says so."""

from csirt.errors import Forbidden, Invalid


class TooManyTries(Forbidden):
    """Wrong passwords before, or a try still under way; `seconds` says when to try again."""

    http = 429


class TooFast(Forbidden):
    """A source sends more than was agreed; `seconds` says when it may go on."""

    http = 429


class TooLarge(Invalid):
    """The body is larger than this address takes."""

    http = 413


class WrongContentType(Invalid):
    """The body is not in the form that this address takes."""

    http = 415


class WrongHost(Invalid):
    """The request was meant for another machine (RFC 9110, section 15.5.20): somebody's name points at our loopback."""

    http = 421


class WrongMethod(Invalid):
    """This address does not take this method."""

    http = 405
