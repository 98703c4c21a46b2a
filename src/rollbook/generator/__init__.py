"""The generator: a believable state, written as the files a real one would send.

OneRoster bundles and test results, correlated over years and within schools,
for demonstrations, tests and measurements. It stands just under the faces and
knows no Django: it writes files, and the files go through the same doors as
anybody's (docs/decisions/0008-the-generators-room.md). Promises: the same seed gives
the same bytes, and no person in it is real.
"""
