qbound inspect examples/typed.json --format json
