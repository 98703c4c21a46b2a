"""The OneRoster 1.2 provider: what other systems may read from us, in their words.

OneRoster's names and shapes (orgs, users, `sourcedId`, `status`) stay in this
folder; below it the house speaks its own words. Rosters that come in from
OneRoster files do not pass here: see `roster/sources/`. Promises: a reader gets
only what the `Scope` of its key allows, and a record keeps its `sourcedId`.
"""
