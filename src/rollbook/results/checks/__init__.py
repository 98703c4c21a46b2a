"""What can be wrong with results, and the typed rows that are left.

`catalog` lists every check once; `CHECKS` prints as the reference page: RES-1xx documents, RES-2xx
values, RES-3xx scores, RES-4xx consistency. `values` turns text into typed columns by declared code
lists; `facts` says what the assessment allows; `results`, `subscores` and `items` hold the rules of
each frame; `masks` runs rules over a whole frame at once; `run` puts them together.

Promises: nothing stops at the first problem; an error leaves out that result with all that belongs
to it and nothing else; a warning leaves the result in; no row is looked at one by one.
"""
