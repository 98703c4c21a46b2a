"""Writes of rostering: preflight a file, commit its plan, undo it."""
