"""A whole school system, made up: rosters, results and the assessments they belong to.

For demonstrations, benchmarks and tests. One call, `generate.write_state`, writes a folder of
files such as real systems would send: OneRoster bundles, result zips, assessment packages and
test result documents. Nothing here reads a database or knows Django; the files go in through the
same doors as anybody's.

Words: a *state* is everything one call writes; a *place* is a district or a school; the
*population* is every student with the ability that all of that student's scores come from; an
*exam* is one student's sitting of one assessment.

Promises: the same parameters give the same bytes, whatever the machine, the number of threads or
the day. The first district is the Sample District with the nine students of the tutorial. Nobody
in it exists: names are drawn from lists, addresses end in example.org.
"""
