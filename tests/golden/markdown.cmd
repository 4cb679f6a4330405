qbound examples/typed.json --bits 3 --format markdown --layers -v --methods gonon-2023,houache-general,houache-conv
