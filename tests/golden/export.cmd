qbound examples/typed.json --bits 3 --print bits --export-csv "$SCRATCH/a.csv" --export-json "$SCRATCH/b.json" --methods gonon-2023 &&
cat "$SCRATCH/a.csv" && grep -c value_hex "$SCRATCH/b.json" && ls "$SCRATCH"
