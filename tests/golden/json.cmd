qbound examples/typed.json --bits 3 --format json --methods gonon-2023,houache-general,houache-conv
