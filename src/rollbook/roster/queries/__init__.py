"""Reads of rostering: intakes and their findings, saved mappings."""
