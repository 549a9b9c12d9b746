"""Loading files of stages into tables, and unloading tables into files."""
