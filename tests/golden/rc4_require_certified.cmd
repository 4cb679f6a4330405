echo '{"a.weight": [[1, 2], [3, 4]], "b.weight": [[1, 1]]}' >"$SCRATCH/dump.json" &&
qbound "$SCRATCH/dump.json" --bits 8 --input-range 0,1 --require-certified -q --methods houache-general
