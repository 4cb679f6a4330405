qbound examples/typed.json --bits 8 --export-csv "$SCRATCH/a.csv" >&-; status=$?; ls "$SCRATCH"; exit $status
