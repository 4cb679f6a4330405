LC_ALL=de_DE.UTF-8 qbound examples/typed.json --bits 3 --format csv --methods gonon-2023
