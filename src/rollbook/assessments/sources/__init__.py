"""Read subjects and assessments from the files that outside systems send."""
