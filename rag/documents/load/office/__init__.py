"""Word, Excel and RTF."""
