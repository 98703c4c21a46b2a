"""Read results from the files that outside systems send, as raw text."""
