"""Decisions of rostering: who is who, what is shared, what must wait, what comes next."""
