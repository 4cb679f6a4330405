qbound missing.json --bits 8
