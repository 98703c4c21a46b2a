"""Start-up: settings from the environment, addresses, and the table of reactions.

The only folder that may import everything, and that nothing below may import.
`settings.py` reads every environment variable (each is described in
docs/reference/settings.md), `urls.py` joins the faces, and `reactions.py` is the
one table in which something low causes something high, after commit.
"""
