"""Messages: the message center, mail and digests.

**Message**: something a person should know or do, with the page where it is
done; read, dismissed or settled by the doing. **Mail**: a message that also goes
out, one by one or in a daily digest. Promises: no student's name, identifier or
score is ever in a mail or in the subject of a message, and a message shows only
what its reader may see when it is read.
"""
