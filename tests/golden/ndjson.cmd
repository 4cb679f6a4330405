qbound examples/typed.json examples/typed.json --bits 3 --format ndjson --methods gonon-2023
