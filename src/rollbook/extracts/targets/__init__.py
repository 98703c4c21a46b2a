"""Systems that group files are delivered to: what each must be told, a test, and a delivery."""
