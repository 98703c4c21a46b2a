"""Decisions of group extracts: how groups are named, who may change a profile, when to remind.

A **template** is what a person writes to name groups; a **field** is a word in braces; a **part**
in square brackets vanishes when it has nothing to say.
"""
