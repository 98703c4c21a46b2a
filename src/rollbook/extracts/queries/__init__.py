"""Reads of group extracts: what profiles choose from, profiles, files, schedules."""
