qbound examples/typed.json --bits 3 -v --methods gonon-2023,houache-general,houache-conv
