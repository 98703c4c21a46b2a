"""Access: accounts, roles, permissions and scopes. Who may see and do what, where.

**Account**: a person who signs in. **Role**: a class in code, with a paragraph
an auditor can read, that names the permissions it carries. **Grant**: a role at
one organization for one account, between dates. **Scope**: everything one reader
may see, computed once per request. Promises: no grant means nothing is seen,
a grant that has ended ends at once, and giving more than one holds is refused.
"""
