qbound --bits 8 inspect examples/typed.json
