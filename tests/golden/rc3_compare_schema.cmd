qbound compare docs/report.schema.json examples/typed.json
