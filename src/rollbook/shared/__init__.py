"""The few values everyone needs: SchoolYear, Grade, Scope, Actor, Page, Finding.

Everything here is a plain immutable value or a collector of such values. Nothing
here knows Django, a database, a clock or a file. A value belongs in this folder
only when at least three folders above would otherwise each invent it.
"""
