"""What must change for the people we hold to become the roster that came in."""
