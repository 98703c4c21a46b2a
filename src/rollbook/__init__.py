"""Rollbook runs a school system's assessment year, from the first roster to certified results.

Read `ARCHITECTURE.md` first: it names the storeys (faces, domains, services,
engines), the closed list of files inside a domain, and the two walks that show
one roster row going in and one report coming out.
"""
