qbound missing.json examples/typed.json --bits 3 --print best --methods houache-general
