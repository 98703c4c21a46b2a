"""Change plans: propose, hold, commit, undo. The only door for edits in bulk.

**Change plan**: rows of (what, key, action, before, after) in a file with a
digest, bound to the state they were worked out from. **Hold**: a plan too large
to commit without an approver. **Commit**: set-based, in one transaction, with
its audit entry. **Undo**: the inverse plan; where somebody edited the same cells
since, it lists the conflicts instead of overwriting. Promises: committing twice
is committing once, and a plan whose ground has moved is refused.
"""
