qbound examples/typed.json --bits 8 --export-json "$SCRATCH/missing/a.json"
