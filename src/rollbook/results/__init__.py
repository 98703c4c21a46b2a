"""Results in: intake, checks, publish; reads.

One **result** is one completed opportunity of one student on one assessment, with **sub-scores**
(claims, alternates, targets, traits) and **item responses** below it. Results arrive as XML
documents of the Test Results Transmission format or as CSV; both become the same frames of raw
text (`types.IncomingResults`), pass the same checks, and leave them typed. **Publish** puts them in
the lake as a new version; a result that a later file marks as reset is taken out by the next.

Promises: a bad result spoils only itself; every problem is reported at once, with file, line,
column and value; unknown stays unknown; what was unscored stays unscored.
"""
