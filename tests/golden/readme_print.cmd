qbound examples/lenet.json --bits 8 --print best-log10
