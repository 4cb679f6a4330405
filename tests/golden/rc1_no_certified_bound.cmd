echo '{"a.weight": [[1, 2], [3, 4]], "b.weight": [[1, 1]]}' >"$SCRATCH/dump.json" &&
qbound "$SCRATCH/dump.json" --bits 8 --input-range 0,1 --fail-above 1e9 -q --methods houache-general
