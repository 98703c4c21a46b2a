"""Tables of rostering: sources and their runs, intakes, open questions, readiness, cards."""
