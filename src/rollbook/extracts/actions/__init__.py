"""Writes of group extracts: profiles, files, schedules, where files go."""
