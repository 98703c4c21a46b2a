"""The import API that student information systems post group files to; our own REST API comes here.

The import API is somebody else's contract: its addresses, statuses and answers
are the state's. A route parses the request, makes one call down with the
caller's `Scope`, and shapes the answer; it holds no rule that the pages or the
command line lack. **Program**: a system with secrets of its own, acting under
grants like a person's. Promises: an error has a code that stays the same between
releases, and the same bytes sent twice are one import.
"""
