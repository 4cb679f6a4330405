qbound examples/typed.json --bitz 8
