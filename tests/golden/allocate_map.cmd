qbound allocate examples/typed.json --budget 5 --quantize-biases -o -
