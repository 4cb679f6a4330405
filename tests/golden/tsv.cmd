qbound examples/typed.json --bits 3 --format tsv --methods gonon-2023,houache-general
