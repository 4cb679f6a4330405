qbound examples/typed.json --eta 0.5 --format csv --methods houache-general
