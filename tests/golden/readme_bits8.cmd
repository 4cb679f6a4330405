qbound examples/lenet.json --bits 8
