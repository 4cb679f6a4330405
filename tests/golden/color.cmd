qbound examples/typed.json --bits 3 -q --color always --methods gonon-2023
