"""Our own REST API, and the import API that student information systems post files to.

A route parses the request, makes one call down with the caller's `Scope`, and
shapes the answer; it holds no rule that the pages or the command line lack.
**Client**: a program with a key of its own, acting under grants like a person's.
Promises: an error has a code that stays the same between releases, and sending
the same file twice is recorded once.
"""
