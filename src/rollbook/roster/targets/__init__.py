"""What goes back to the system that sent a roster: its findings, and its rows to correct."""
