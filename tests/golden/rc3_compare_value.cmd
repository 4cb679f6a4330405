qbound examples/typed.json --bits 3 --methods gonon-2023 --format json >"$SCRATCH/base.json" &&
grep -v "\"value\"" "$SCRATCH/base.json" | qbound compare "$SCRATCH/base.json" - --max-regress 5% -o "$SCRATCH/out"; echo $?; ls "$SCRATCH"
