qbound examples/typed.json --bits 3 --input-range -2,2 --input-range 0,1 --methods houache-general
