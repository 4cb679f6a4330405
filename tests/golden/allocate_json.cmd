qbound allocate examples/typed.json --budget 12B --format json
