"""Radiomics: one feature class a file."""
