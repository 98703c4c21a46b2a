"""Other people's computers: HTTP, SFTP and S3, with an end to everything.

Remote systems are down, slow, lying, half finished, or send a reader on to a private address. Every
call here has a limit on time, bytes and tries; retries only what may be repeated, with full jitter
and the server's own Retry-After; and ends in an answer or in one named reason without personal data
and without secrets.

An *address* is private when it is of this machine or of a network that the internet does not reach:
no redirect leads there, and none leads to another origin.
"""
