qbound compare missing.json examples/typed.json
